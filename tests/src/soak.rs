//! The loop of the soak tests: round after round something fails while writers go on.

use crate::{
    env::number,
    load::{Acknowledged, Load},
};
use fastrand::Rng;

/// Commands that must be acknowledged before each failure, and after the last one.
const BEFORE_A_FAILURE: usize = 5;
const AFTER_THE_LAST: usize = 10;

/// Lets `fail` break something in each round, by the number of the round, and returns the acknowledged commands.
/// `VECHE_TEST_SOAK_ROUNDS` sets the rounds, `VECHE_TEST_SEED` repeats a run.
pub async fn run(
    load: Load,
    default_rounds: u64,
    mut fail: impl AsyncFnMut(usize, &mut Rng),
) -> Acknowledged {
    let rounds = number("VECHE_TEST_SOAK_ROUNDS").unwrap_or(default_rounds);
    let seed = number("VECHE_TEST_SEED").unwrap_or(1);
    println!("{rounds} rounds, VECHE_TEST_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    for round in 0..rounds {
        load.more(BEFORE_A_FAILURE).await;
        fail(usize::try_from(round).expect("few rounds"), &mut rng).await;
    }
    load.more(AFTER_THE_LAST).await;
    let acknowledged = load.finish().await;
    let (messages, invitations) = (acknowledged.messages.len(), acknowledged.invitations.len());
    println!("{messages} messages and {invitations} invitations acknowledged");
    acknowledged
}
