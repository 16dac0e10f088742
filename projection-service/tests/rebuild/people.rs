//! Random events about contacts, sections, invitations and the integration.

use crate::sample_team::{GROUP, INTEGRATION, TEAM, account_of, at, contact_id};
use events::{
    BlobId, ContactId, GroupId, InvitationId, Personal, SectionId, TeamEvent, contact, icon, integration,
    invitation, section, value::ContactStatus,
};
use fastrand::Rng;
use uuid::Uuid;

/// An event about contacts, sections, invitations or the integration.
pub(crate) fn team_event(rng: &mut Rng, step: i64, who: ContactId) -> TeamEvent {
    let account = account_of(who);
    let own = |text: &str| Personal::of_account(account, format!("{text}{step}"));
    let section = SectionId(Uuid::from_u128(0x40 + u128::from(rng.u64(..4))));
    let of_team = |text: &str| Personal::of_team(TEAM, format!("{text}{step}"));
    match rng.u64(..16) {
        0 => {
            let profile = contact::Profile {
                given_name: own("Имя"),
                patronymic: own(""),
                family_name: own("№"),
                role: own("повар"),
                mood: own("бодр"),
                contact_email: own("a@example.org"),
                contact_phone: own("+7"),
            };
            contact::ProfileChanged { contact: who, profile }.into()
        }
        1 => {
            let preferences =
                contact::Preferences { alt_send: step % 2 == 0, ..contact::Preferences::default() };
            let preferences = Personal::of_account(account, preferences);
            contact::PreferencesChanged { contact: who, preferences }.into()
        }
        2 | 3 => contact::SectionsSet { contact: who, sections: vec![section] }.into(),
        4 => contact::InvitingAllowed { contact: who, allowed: step % 2 == 0 }.into(),
        5 => contact::Confirmed { contact: who }.into(),
        6 => contact::Archived { contact: contact_id(3), by: None }.into(),
        7 => {
            let (status, need_confirmation) = (ContactStatus::Member, true);
            contact::Restored { contact: contact_id(3), status, need_confirmation }.into()
        }
        8 => {
            let (name, description, sort_ordering) = (of_team("Раздел"), of_team(""), step as u32);
            section::Changed { section: SectionId(Uuid::from_u128(9)), name, description, sort_ordering }
                .into()
        }
        9 => {
            let blob = BlobId(Uuid::from_u128(0x6_0000 + step.unsigned_abs() as u128));
            let icon = icon::Changed { blob, lg_width: 20, lg_height: 30, size: rng.u64(..1_000) };
            contact::IconChanged { contact: who, icon }.into()
        }
        10 => contact::IconRemoved { contact: who }.into(),
        11 => {
            let settings = integration::Settings {
                comment: of_team("сборка "),
                enabled: step % 3 > 0,
                group: if step % 5 > 0 { GROUP } else { GroupId(Uuid::from_u128(0x99)) },
                webhook_url: of_team("https://example.org/"),
            };
            integration::Changed { integration: INTEGRATION, settings }.into()
        }
        12 => invitation::Created {
            invitation: InvitationId(Uuid::from_u128(0xb_0000 + step.unsigned_abs() as u128)),
            token_sealed: "…".into(),
            token_hash: format!("{step:064x}"),
            by: (step % 3 > 0).then_some(who),
            expires: (step % 2 == 0).then(|| at(step)),
            max_uses: (step % 4 == 0).then_some(2),
        }
        .into(),
        13 => {
            let made = 0xb_0000 + u128::from(rng.u64(..200));
            let invitation = InvitationId(Uuid::from_u128(made));
            invitation::Used { invitation, account, contact: who }.into()
        }
        14 => {
            let status = [ContactStatus::Member, ContactStatus::Admin][rng.u64(..2) as usize];
            contact::StatusChanged { contact: who, status }.into()
        }
        _ => section::Removed { section }.into(),
    }
}
