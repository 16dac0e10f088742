//! Finds numbers that an earlier parser stored wrongly: it removed a leading 8 from the national number of every country, kept
//! trunk zeros, and missed a `+` after a bracket. `veche phones check` lists them.

use super::{
    PhoneNumber,
    destination::{Destination, Kind},
};
use rlibphonenumber::PHONE_NUMBER_UTIL;

/// Why a stored number may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// It is parsed as another number today.
    ReadsAs(PhoneNumber),
    /// Its length is impossible for its country.
    NoNumber,
    /// It is an assigned number with an 8 after the country code.
    LostEight {
        meant: PhoneNumber,
        /// The stored number is assigned too.
        may_be_right: bool,
    },
    /// Its national number is an assigned number of another country.
    LostPlus {
        meant: PhoneNumber,
        /// The stored number is assigned too.
        may_be_right: bool,
    },
}

impl Suspicion {
    /// The suspicion about a stored number; `None` if it looks right.
    pub fn of(stored: &str) -> Option<Self> {
        let read = PhoneNumber::parse(stored).ok();
        if let Some(read) = read.as_ref().filter(|read| read.as_str() != stored) {
            return Some(Self::ReadsAs(read.clone()));
        }
        let may_be_right = assigned(stored);
        if let Some(meant) = with_eight(stored) {
            return Some(Self::LostEight { meant, may_be_right });
        }
        if let Some(meant) = with_plus(stored, read.as_ref()) {
            return Some(Self::LostPlus { meant, may_be_right });
        }
        read.is_none().then_some(Self::NoNumber)
    }

    /// The name in reports.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ReadsAs(_) => "reads-as",
            Self::NoNumber => "no-number",
            Self::LostEight { .. } => "lost-8",
            Self::LostPlus { .. } => "lost-plus",
        }
    }

    /// The number that was probably meant.
    pub const fn meant(&self) -> Option<&PhoneNumber> {
        match self {
            Self::ReadsAs(meant) | Self::LostEight { meant, .. } | Self::LostPlus { meant, .. } => {
                Some(meant)
            }
            Self::NoNumber => None,
        }
    }

    /// Whether the stored number may still be right.
    pub const fn may_be_right(&self) -> bool {
        matches!(self, Self::LostEight { may_be_right: true, .. } | Self::LostPlus { may_be_right: true, .. })
    }
}

/// Whether the number is assigned.
fn assigned(number: &str) -> bool {
    number.strip_prefix('+').and_then(super::international).is_some_and(|parsed| parsed.is_valid())
}

fn with_eight(stored: &str) -> Option<PhoneNumber> {
    let digits = stored.strip_prefix('+')?;
    (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let known = code.parse().ok().and_then(|code| PHONE_NUMBER_UTIL.get_region_for_country_code(code));
        let meant = format!("+{code}8{national}");
        known.filter(|_| assigned(&meant))?;
        PhoneNumber::parse(&meant).ok().filter(|read| read.as_str() == meant)
    })
}

/// A Russian mobile number is not suspicious; a Russian fixed line is, because it hardly ever receives messages.
fn with_plus(stored: &str, read: Option<&PhoneNumber>) -> Option<PhoneNumber> {
    let meant = format!("+{}", stored.strip_prefix("+7").filter(|national| national.len() == 10)?);
    let kind = read.map(|read| read.destination());
    if let Some(Destination { kind: Kind::Mobile, .. }) = kind {
        return None;
    }
    PhoneNumber::parse(&meant).ok().filter(|read| read.as_str() == meant && assigned(&meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(stored: &str) -> Option<(&'static str, Option<String>, bool)> {
        Suspicion::of(stored).map(|found| {
            (found.word(), found.meant().map(|meant| meant.as_str().to_owned()), found.may_be_right())
        })
    }

    #[test]
    fn what_the_earlier_rule_made_of_numbers_is_found() {
        for (stored, word, meant, may_be_right) in [
            ("+7123251234", "lost-8", "+78123251234", false),
            ("+91123456789", "lost-8", "+918123456789", false),
            ("+35351234567", "lost-8", "+353851234567", true),
            ("+73725123456", "lost-plus", "+3725123456", false),
            ("+74722123456", "lost-plus", "+4722123456", true),
            ("+3800441234567", "reads-as", "+380441234567", false),
            ("+49030123456", "reads-as", "+4930123456", false),
        ] {
            assert_eq!(found(stored), Some((word, Some(meant.to_owned()), may_be_right)), "{stored}");
        }
        assert_eq!(found("+7916"), Some(("no-number", None, false)));
        assert_eq!(found("damaged"), Some(("no-number", None, false)));
    }

    #[test]
    fn numbers_that_are_what_they_were_are_not_listed() {
        for stored in
            ["+79166660002", "+75550000001", "+72348763434", "+16502530000", "+39061234567", "+380441234567"]
        {
            assert_eq!(found(stored), None, "{stored}");
        }
    }
}
