//! Where a number leads: its country, its kind, and the numbers beside it. What a message to it may cost follows from that.

use super::PhoneNumber;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType, Region};
use std::str::FromStr;

/// Digits at the end of a number that tell its neighbours from it: numbers are rented out in such blocks.
const LAST_DIGITS: usize = 4;
/// Codes that belong to satellite networks. Numbers of [`SHARED`] are theirs too.
const SATELLITES: [i32; 2] = [870, 881];
/// Codes shared by networks that are at home nowhere: satellites, ships, aircraft, machines.
const SHARED: [i32; 3] = [882, 883, 888];
/// The code of international premium numbers.
const PREMIUM: i32 = 979;

/// The sort of a number, as it matters for sending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A mobile phone.
    Mobile,
    /// A fixed line.
    FixedLine,
    /// A mobile phone or a fixed line: the country does not tell them apart.
    FixedLineOrMobile,
    /// A telephone over the internet.
    Voip,
    /// A satellite phone, or a network that is at home nowhere.
    Satellite,
    /// Reaching it costs more than a call.
    Premium,
    /// Caller and callee share the cost.
    SharedCost,
    /// The callee pays.
    TollFree,
    /// It leads where its owner wants, at the cost of that: +44 70 is known for it.
    Personal,
    /// A pager.
    Pager,
    /// A company's number for all its places.
    Uan,
    /// A mailbox.
    Voicemail,
    /// It is assigned to nobody, or not known to be.
    Unknown,
}

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The country by its two letters, `001` for numbers of no country, `ZZ` when it is not known.
    pub country: String,
    /// The sort of number.
    pub kind: Kind,
    /// The number less its last four digits.
    pub prefix: String,
}

impl Kind {
    /// Every kind with its word in settings.
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

    /// Its word in settings.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("unknown", |(_, word)| word)
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

impl PhoneNumber {
    /// Where the number leads.
    pub fn destination(&self) -> Destination {
        let number = self.as_str();
        let prefix = number[..number.len().saturating_sub(LAST_DIGITS).max(1)].to_owned();
        let Some(parsed) = super::international(&number[1..]) else {
            return Destination { country: "ZZ".into(), kind: Kind::Unknown, prefix };
        };
        // A number that is assigned to nobody belongs to the country that its code belongs to first.
        let region = parsed.get_region_code();
        let region = region.or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code));
        let country = region.map_or_else(|| "ZZ".to_owned(), |region| region.to_string());
        Destination { country, kind: kind(parsed.country_code, parsed.get_type()), prefix }
    }
}

/// Whether numbers of a country by its two letters are known.
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
    fn a_number_has_a_country_a_kind_and_neighbours() {
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
    fn every_kind_has_a_word() {
        for (kind, word) in Kind::ALL {
            assert_eq!((kind.word(), Kind::from_word(word)), (word, Some(kind)));
        }
        assert_eq!(Kind::from_word("telepathic"), None);
    }

    #[test]
    fn countries_are_known_by_their_letters() {
        assert!(is_country("RU") && is_country("CH") && is_country("XK"));
        assert!(!is_country("ru") && !is_country("XX") && !is_country("") && !is_country("RUS"));
    }
}
