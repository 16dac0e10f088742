//! Rewriting a task's checklist.

use super::{NewItem, Rejection, reference};
use events::{Personal, TaskItemId, TeamId, task::Item};
use std::collections::BTreeSet;

/// The new checklist. An existing item, found by its id or its text, keeps its id and its check mark.
pub(super) fn listed(team: TeamId, before: &[Item], items: Vec<NewItem>) -> Result<Vec<Item>, Rejection> {
    let named: BTreeSet<TaskItemId> = items.iter().filter(|new| new.known).map(|new| new.item).collect();
    let (mut named, mut others): (Vec<&Item>, Vec<&Item>) =
        before.iter().partition(|known| named.contains(&known.item));
    let mut list = Vec::with_capacity(items.len());
    for new in items {
        let known = match new.known {
            true => {
                let at = named.iter().position(|known| known.item == new.item).ok_or(Rejection::NoItem)?;
                Some(named.remove(at))
            }
            false => {
                let at = others.iter().position(|known| known.text.value.as_ref() == Some(&new.text));
                at.map(|at| others.remove(at))
            }
        };
        let checked = new.checked.unwrap_or_else(|| known.is_some_and(|known| known.checked));
        list.push(Item {
            item: known.map_or(new.item, |known| known.item),
            checked: checked && reference(&new.text).is_none(),
            text: Personal::of_team(team, new.text),
        });
    }
    Ok(list)
}
