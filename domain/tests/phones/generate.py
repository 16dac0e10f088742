"""Makes numbers.txt: valid numbers of all regions, and what libphonenumber makes of their spellings.

    pip install phonenumbers==9.0.42 && python3 domain/tests/phones/generate.py > domain/tests/phones/numbers.txt

The spellings are made here and in ../phones.rs by the same rules, one letter each; the file holds the number as
libphonenumber formats it, and only those spellings that lead elsewhere than to that number, with where they lead.
"""

import random
import unicodedata

import phonenumbers as lib

SEED, A_REGION = 16, 42
TYPES = ("fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail").split()
FULLWIDTH = {ord(c): 0xFEE0 + ord(c) for c in "+0123456789()-"}
ARABIC = {ord("0") + n: 0x660 + n for n in range(10)}
DASHES = "‐‑‒–—−﹣－"


def spellings(number, trunk, russian):
    """Letter -> spelling of a number that stands as `+380 44 123 4567`."""
    head, _, rest = number.partition(" ")
    code, group, *tail = [head[1:]] + rest.split(" ", 1)
    digits = "".join(c for c in number if c.isdigit())
    made = {
        "a": "+" + digits,
        "b": number,
        "c": number.replace(" ", "-"),
        "d": number.replace(" ", "."),
        "e": number.replace(" ", "/"),
        "f": f"({head}) {rest}",
        "g": f"[{head}]{rest}",
        "i": "tel:" + number.replace(" ", "-"),
        "j": f"tel:{rest.replace(' ', '-')};phone-context={head}",
        "k": number.translate(FULLWIDTH),
        "l": "\u202a" + number.replace(" ", "\u00a0") + "\u202c",
        "m": "".join(DASHES[n % len(DASHES)] if c == " " else c for n, c in enumerate(number)),
        "n": "\u200b".join(number),
        "o": "00" + number[1:],
        "p": number.translate(ARABIC),
        "q": f"{head} ({group}) {' '.join(tail)}",
        "r": number.replace(" ", "\u2009\u3000"),
        "s": "8~10 " + number[1:],
        "t": digits,
    }
    if trunk:
        made["h"] = f"{head} ({trunk}){rest}"
    if russian:
        made["u"] = f"8 ({group}) {' '.join(tail)}"
        made["v"] = rest
    return made


def clean(text):
    """Takes off, by Unicode's categories, what libphonenumber does not know as punctuation."""
    kept = "".join(c for c in text if unicodedata.category(c) != "Cf")
    kinds = {"Zs": " ", "Pd": "-"}
    return "".join(kinds.get(unicodedata.category(c), c) for c in kept)


def read(text, region):
    """The number that libphonenumber reads, if it is possible and stays the same when it is read again."""
    try:
        number = lib.parse(text, region)
        if lib.is_possible_number_with_reason(number) != lib.ValidationResult.IS_POSSIBLE or number.extension:
            return None, None
        made = lib.format_number(number, lib.PhoneNumberFormat.E164)
        again = lib.format_number(lib.parse(made, None), lib.PhoneNumberFormat.E164)
        return (made, number) if made == again else (None, None)
    except lib.NumberParseException:
        return None, None


def says(letter, text):
    """Where a spelling leads: what libphonenumber says, and two readings of ours where it sees no number at all."""
    text = clean(text)
    if letter == "o":
        text = "+" + text[2:]
    made, _ = read(text, "RU")
    if made is None and letter == "t":
        made, number = read("+" + text, None)
        if made and number.country_code != 7 and not lib.is_valid_number(number):
            made = None
    return made


def belongs(number, region):
    """Whether a number is one of a region: several may share a code, and some their numbers."""
    if region == "001":
        return lib.is_valid_number(number)
    return lib.is_valid_number_for_region(number, region)


def numbers(region, metadata, seen):
    """Valid numbers of a region: its examples, and those found by changing their digits."""
    examples = [getattr(metadata, kind) for kind in TYPES]
    examples = [kind.example_number for kind in examples if kind is not None and kind.example_number]
    found = {}
    for example in examples or [metadata.general_desc.example_number]:
        current = example
        for step in range(300):
            digits = list(current)
            for place in random.sample(range(len(digits)), random.randint(0, min(4, len(digits))) if step else 0):
                digits[place] = random.choice("0123456789")
            text = f"+{metadata.country_code}{''.join(digits)}"
            made, number = read(text, None)
            if made == text and made not in seen and belongs(number, region):
                current = "".join(digits)
                found[made] = lib.format_number(number, lib.PhoneNumberFormat.INTERNATIONAL)
    found = [found[made] for made in sorted(found)]
    chosen = sorted(random.sample(found, min(A_REGION, len(found))))
    seen.update("+" + "".join(c for c in number if c.isdigit()) for number in chosen)
    return chosen


def main():
    random.seed(SEED)
    regions = [(region, lib.PhoneMetadata.metadata_for_region(region)) for region in sorted(lib.SUPPORTED_REGIONS)]
    codes = sorted(lib.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    regions += [("001", lib.PhoneMetadata.metadata_for_nongeo_region(code)) for code in codes]
    print(f"# PyPI phonenumbers {lib.__version__}, made by generate.py")
    seen = set()
    for region, metadata in regions:
        trunk = metadata.national_prefix or ""
        print(f"={region} {trunk}".rstrip())
        for number in numbers(region, metadata, seen):
            itself = "+" + "".join(c for c in number if c.isdigit())
            made = spellings(number, trunk, metadata.country_code == 7)
            elsewhere = [(letter, says(letter, text)) for letter, text in sorted(made.items())]
            elsewhere = [f"{letter}={leads or '-'}" for letter, leads in elsewhere if leads != itself]
            print("\t".join([number, *elsewhere]))


main()
