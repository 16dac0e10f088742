//! The destination of a number: its country, kind and prefix, which determine what a message costs.

use super::PhoneNumber;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType, Region};
use std::str::FromStr;

/// Digits within a block: numbers are rented out in blocks of ten thousand.
const LAST_DIGITS: usize = 4;
/// Country codes of satellite networks; [`SHARED`] codes count as such too.
const SATELLITES: [i32; 2] = [870, 881];
/// Country codes shared by international networks: satellites, ships, aircraft, machines.
const SHARED: [i32; 3] = [882, 883, 888];
/// The country code of international premium numbers.
const PREMIUM: i32 = 979;

/// The kind of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Mobile,
    FixedLine,
    /// A country that does not distinguish them.
    FixedLineOrMobile,
    Voip,
    /// A satellite phone or another international network.
    Satellite,
    Premium,
    SharedCost,
    TollFree,
    /// Forwards to any number of its owner's choice, at the caller's cost, such as +44 70.
    Personal,
    Pager,
    /// A universal access number of a company.
    Uan,
    Voicemail,
    /// Not assigned, or not known to be.
    Unknown,
}

/// The destination of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The country by two letters, `001` for international numbers, `ZZ` if unknown.
    pub country: String,
    pub kind: Kind,
    /// The number without its last four digits.
    pub prefix: String,
}

impl Kind {
    /// Every kind with its name in settings.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Mobile, "mobile"),
        (Self::FixedLine, "fixed_line"),
        (Self::FixedLineOrMobile, "fixed_line_or_mobile"),
        (Self::Voip, "voip"),
        (Self::Satellite, "satellite"),
        (Self::Premium, "premium"),
        (Self::SharedCost, "shared_cost"),
        (Self::TollFree, "toll_free"),
        (Self::Personal, "personal"),
        (Self::Pager, "pager"),
        (Self::Uan, "uan"),
        (Self::Voicemail, "voicemail"),
        (Self::Unknown, "unknown"),
    ];

    /// The name in settings.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("unknown", |(_, word)| word)
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

impl PhoneNumber {
    pub fn destination(&self) -> Destination {
        let number = self.as_str();
        let prefix = number[..number.len().saturating_sub(LAST_DIGITS).max(1)].to_owned();
        let Some(parsed) = super::international(&number[1..]) else {
            return Destination { country: "ZZ".into(), kind: Kind::Unknown, prefix };
        };
        // An unassigned number counts for the main country of its country code.
        let region = parsed.get_region_code();
        let region = region.or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code));
        let country = region.map_or_else(|| "ZZ".to_owned(), |region| region.to_string());
        Destination { country, kind: kind(parsed.country_code, parsed.get_type()), prefix }
    }
}

/// Whether two letters are a country with phone numbers.
pub fn is_country(letters: &str) -> bool {
    let region = Region::from_str(letters).ok().filter(|region| region.to_string() == letters);
    region.is_some_and(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
}

fn kind(code: i32, kind: PhoneNumberType) -> Kind {
    if SATELLITES.contains(&code) || SHARED.contains(&code) {
        return Kind::Satellite;
    }
    if code == PREMIUM {
        return Kind::Premium;
    }
    match kind {
        PhoneNumberType::FixedLine => Kind::FixedLine,
        PhoneNumberType::Mobile => Kind::Mobile,
        PhoneNumberType::FixedLineOrMobile => Kind::FixedLineOrMobile,
        PhoneNumberType::TollFree => Kind::TollFree,
        PhoneNumberType::PremiumRate => Kind::Premium,
        PhoneNumberType::SharedCost => Kind::SharedCost,
        PhoneNumberType::VoIP => Kind::Voip,
        PhoneNumberType::PersonalNumber => Kind::Personal,
        PhoneNumberType::Pager => Kind::Pager,
        PhoneNumberType::UAN => Kind::Uan,
        PhoneNumberType::VoiceMail => Kind::Voicemail,
        PhoneNumberType::Unknown => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destination_has_country_kind_and_prefix() {
        for (number, country, kind, prefix) in [
            ("+79166660002", "RU", Kind::Mobile, "+7916666"),
            ("+78123251234", "RU", Kind::FixedLine, "+7812325"),
            ("+77012345678", "KZ", Kind::Mobile, "+7701234"),
            ("+16502530000", "US", Kind::FixedLineOrMobile, "+1650253"),
            ("+75550000001", "RU", Kind::Unknown, "+7555000"),
            ("+447012345678", "GB", Kind::Personal, "+44701234"),
            ("+870773111632", "001", Kind::Satellite, "+87077311"),
            ("+881612345678", "001", Kind::Satellite, "+88161234"),
            ("+88216123456789", "001", Kind::Satellite, "+8821612345"),
            ("+883510012345", "001", Kind::Satellite, "+88351001"),
            ("+979123456789", "001", Kind::Premium, "+97912345"),
            ("+78091234567", "RU", Kind::Premium, "+7809123"),
            ("+78001234567", "RU", Kind::TollFree, "+7800123"),
            ("+19002345678", "US", Kind::Premium, "+1900234"),
        ] {
            let leads = PhoneNumber::parse(number).expect(number).destination();
            assert_eq!(
                leads,
                Destination { country: country.into(), kind, prefix: prefix.into() },
                "{number}"
            );
        }
    }

    #[test]
    fn every_kind_round_trips_through_its_name() {
        for (kind, word) in Kind::ALL {
            assert_eq!((kind.word(), Kind::from_word(word)), (word, Some(kind)));
        }
        assert_eq!(Kind::from_word("telepathic"), None);
    }

    #[test]
    fn only_upper_case_codes_of_countries_are_countries() {
        assert!(is_country("RU") && is_country("CH") && is_country("XK"));
        assert!(!is_country("ru") && !is_country("XX") && !is_country("") && !is_country("RUS"));
    }
}
