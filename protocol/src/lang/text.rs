//! The sentences said to people when something is refused, each in every language.

use super::{Lang, ReadOnlyReason};
use std::fmt::Display;

/// What JSON calls the kinds of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    /// Text.
    String,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// Keys and values.
    Object,
}

/// A sentence for a person, kept as a kind with its parameters until the language is known.
///
/// A new kind of refusal is a new variant here, and one line in [`Text::render`] that says it in every language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The value is missing or empty.
    Required,
    /// No phone number can be read from it.
    NotAPhone,
    /// Login codes are not sent to numbers of this sort or country.
    CodesNotOffered,
    /// More characters than allowed.
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// Fewer characters than needed.
    TooShort {
        /// The fewest characters allowed.
        min: usize,
    },
    /// More elements than allowed.
    TooMany {
        /// The most elements allowed.
        max: usize,
    },
    /// More bytes than allowed.
    TooLarge {
        /// The most bytes allowed.
        max: usize,
    },
    /// A number outside its range.
    OutOfRange {
        /// The smallest value allowed.
        min: i64,
        /// The largest value allowed.
        max: i64,
    },
    /// Another JSON type was expected.
    WrongType {
        /// The type expected.
        expected: JsonType,
    },
    /// Not one of the words of a closed list.
    NotOneOf {
        /// The words allowed.
        allowed: Vec<String>,
    },
    /// The object has no such field.
    UnknownField,
    /// Not a UUID.
    NotAUuid,
    /// Not an address `d-`, `g-` or `t-` with a UUID.
    NotAJid,
    /// Not an RFC 3339 time.
    NotATime,
    /// Not a time of day `HH:MM`.
    NotATimeOfDay,
    /// Not an e-mail address.
    NotAnEmail,
    /// Not the name of a time zone.
    NotATimeZone,
    /// A time that is over already.
    NotInTheFuture,
    /// Not an absolute http(s) address.
    BadUrl,
    /// An address the server does not send to.
    UrlNotAllowed,
    /// Characters that are not allowed here.
    BadCharacters,
    /// The same value twice.
    Duplicate,
    /// Cannot be changed any more, or not by this call.
    ReadOnly,
    /// Nothing of that name exists.
    DoesNotExist,
    /// The login code is wrong.
    WrongCode,
    /// The login code is no longer valid.
    CodeExpired,
    /// The code was tried too often.
    TooManyTries,
    /// The invitation or link is not valid.
    BadToken,
    /// The integration's key opens nothing.
    BadKey,
    /// Not a picture of a kind we accept.
    NotAPicture,
    /// A picture with too many pixels.
    PictureTooLarge,
    /// A damaged picture whose metadata cannot be taken out.
    PictureNotCleanable,
    /// Decoding a picture takes too long.
    PictureTooSlow,
    /// The team's files fill its quota.
    QuotaExceeded {
        /// Bytes that are free.
        left: u64,
    },
    /// Something else needs it.
    InUse,
    /// The time for changing this is over.
    TooLate,
    /// The role does not allow it.
    RoleForbids,
    /// The caller may read there, but not write.
    ReadOnlyChat(ReadOnlyReason),
    /// The role does not allow to change these fields.
    FieldsForbidden {
        /// Their names.
        fields: String,
    },
    /// Only members of a group set up what hears it.
    NotInGroup,
    /// The last owner cannot leave or be demoted.
    LastOwner,
    /// A number, but not the caller's.
    NotYourPhone,
    /// Only the account itself may do it.
    OnlyYourself,
    /// The team is archived.
    Archived,
    /// No such command or event.
    UnknownEvent {
        /// What was asked for.
        name: String,
    },
    /// Calls are not offered by this server.
    NoCalls,
    /// The request has no body where one is needed, or one of a kind we do not read.
    UnsupportedMediaType,
    /// The body is compressed or encoded in another way.
    UnsupportedCoding,
    /// The body is not JSON.
    BadJson {
        /// Where it stops being JSON, from 1.
        line: usize,
        /// The column on that line, from 1.
        column: usize,
    },
    /// JSON nested too deeply.
    TooDeep {
        /// The deepest nesting allowed.
        max: usize,
    },
    /// A key twice in one object.
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// The request's form cannot be read.
    BadForm,
    /// An unknown charset.
    UnknownCharset {
        /// Its label.
        name: String,
    },
    /// A form took too long to come.
    FormTimedOut,
    /// The page that sent this is not one of ours.
    ForeignOrigin,
    /// Too many requests.
    RateLimited {
        /// Seconds until the next one is accepted.
        seconds: u64,
    },
    /// No place in the stream of events.
    BadPosition,
    /// Neither a position nor a time.
    NotAMoment,
    /// A moment that has yet to come.
    InTheFuture,
    /// The past is not shown.
    HistoryUnavailable,
    /// More has happened to the team than is replayed.
    TooMuchHistory {
        /// The most events that are.
        max: u64,
    },
    /// Too many bytes are on their way at once.
    TooManyBytesInFlight,
    /// Too many sockets are open at once.
    TooManySockets,
    /// The read model has not reached the position asked for.
    NotCaughtUp,
    /// A part of the server is not available now.
    Unavailable,
    /// What happened meanwhile is not told any more.
    MustRefetch,
    /// The server stops, and another takes its place.
    Restarting,
    /// The server took too long.
    TimedOut,
    /// The same key was used for another request.
    IdempotencyKeyReused,
    /// Our fault; the id leads to the log.
    Internal {
        /// The request id.
        request_id: String,
    },
    /// Asked for by the caller, for tests.
    RequestedError,
    /// Any other refusal of a value, said in English by the reader of the format.
    Invalid {
        /// What is wrong.
        why: String,
    },
}

impl Text {
    /// The sentence in a language.
    pub fn render(&self, lang: Lang) -> String {
        let say = |russian: &str, english: &str| pick(lang, russian, english).to_owned();
        let fill = |russian: &str, english: &str, value: &dyn Display| {
            pick(lang, russian, english).replacen("{}", &value.to_string(), 1)
        };
        match self {
            Self::Required => say("Обязательное поле", "This field is required"),
            Self::NotAPhone => say("Некорректный номер телефона", "Not a phone number"),
            Self::TooLong { max } => fill("Не больше символов: {}", "At most {} characters", max),
            Self::TooShort { min } => fill("Не меньше символов: {}", "At least {} characters", min),
            Self::TooMany { max } => fill("Не больше элементов: {}", "At most {} elements", max),
            Self::TooLarge { max } => fill("Не больше байт: {}", "At most {} bytes", max),
            Self::OutOfRange { min, max } => {
                fill("Должно быть: {}", "Must be in {}", &format_args!("{min}…{max}"))
            }
            Self::WrongType { expected } => {
                fill("Неверный тип, нужно: {}", "Wrong type, expected {}", &expected.name(lang))
            }
            Self::NotOneOf { allowed } => {
                fill("Допустимые значения: {}", "Must be one of: {}", &allowed.join(", "))
            }
            Self::UnknownField => say("Неизвестное поле", "Unknown field"),
            Self::NotAUuid => say("Должен быть UUID", "Must be a UUID"),
            Self::NotAJid => {
                say("Должен быть идентификатор вида d-…, g-… или t-…", "Must be an id like d-…, g-… or t-…")
            }
            Self::NotATime => say("Должно быть время в формате RFC 3339", "Must be an RFC 3339 time"),
            Self::NotATimeOfDay => say("Должно быть время вида ЧЧ:ММ", "Must be a time of day like HH:MM"),
            Self::NotAnEmail => say("Некорректный адрес почты", "Not an e-mail address"),
            Self::NotATimeZone => {
                say("Должен быть часовой пояс вида Europe/Moscow", "Must be a time zone like Europe/Moscow")
            }
            Self::NotInTheFuture => say("Это время уже прошло", "This time is over already"),
            Self::BadUrl => say("Некорректный адрес", "Not a valid address"),
            Self::UrlNotAllowed => say(
                "На этот адрес сервер запросы не отправляет",
                "The server does not send requests to this address",
            ),
            Self::BadCharacters => say("Недопустимые символы", "Characters that are not allowed"),
            Self::Duplicate => say("Значение повторяется", "The value is repeated"),
            Self::ReadOnly => say("Нельзя изменить", "Cannot be changed"),
            Self::DoesNotExist => say("Не существует", "Does not exist"),
            Self::WrongCode => say("Неверный код", "Wrong code"),
            Self::CodeExpired => {
                say("Срок действия кода истёк, запросите новый", "The code has expired, ask for a new one")
            }
            Self::TooManyTries => {
                say("Слишком много попыток, запросите новый код", "Too many tries, ask for a new code")
            }
            Self::BadKey => say("Неизвестный или выключенный ключ", "Unknown or disabled key"),
            Self::BadToken => say("Ссылка недействительна", "The link is not valid"),
            Self::NotAPicture => {
                say("Нужна картинка JPEG, PNG, WebP или GIF", "Must be a JPEG, PNG, WebP or GIF picture")
            }
            Self::PictureTooLarge => say("Слишком большая картинка", "The picture is too large"),
            Self::PictureNotCleanable => say(
                "Картинка повреждена, и из неё нельзя убрать сведения о съёмке: сохраните её заново",
                "The picture is damaged, and what it tells of its owner cannot be taken out: save it as a new one",
            ),
            Self::PictureTooSlow => say(
                "Обработка картинки занимает слишком много времени, повторите позже",
                "The picture takes too long to process, try again later",
            ),
            Self::QuotaExceeded { left } => fill(
                "Место команды для файлов заканчивается, свободно байт: {}",
                "The team has no room for this file, bytes free: {}",
                left,
            ),
            Self::InUse => say("Используется в сообщении", "A message uses it"),
            Self::TooLate => say("Время для изменения истекло", "The time for changing this is over"),
            Self::ReadOnlyChat(reason) => reason.render(lang).to_owned(),
            Self::RoleForbids => say("Недостаточно прав", "Your role does not allow this"),
            Self::FieldsForbidden { fields } => {
                fill("Недостаточно прав, чтобы менять: {}", "Your role does not allow to change: {}", fields)
            }
            Self::NotInGroup => say(
                "Интеграции группы настраивают только её участники",
                "Only members of a group may set up its integrations",
            ),
            Self::LastOwner => {
                say("В команде должен остаться хотя бы один владелец", "A team must keep at least one owner")
            }
            Self::CodesNotOffered => {
                say("На такие номера коды не отправляются", "Codes are not sent to such numbers")
            }
            Self::NotYourPhone => say("Это не ваш номер телефона", "This is not your phone number"),
            Self::OnlyYourself => say("Можно менять только свои данные", "You may change only your own data"),
            Self::Archived => say("Команда в архиве", "The team is archived"),
            Self::UnknownEvent { name } => fill("Неизвестное событие: {}", "Unknown event: {}", name),
            Self::NoCalls => say("На этом сервере звонков нет", "Calls are not offered by this server"),
            Self::UnsupportedMediaType => {
                say("Неподдерживаемый тип содержимого", "Content type is not supported")
            }
            Self::UnsupportedCoding => say(
                "Сжатое содержимое не поддерживается, отправьте его как есть",
                "Encoded content is not supported, send it as it is",
            ),
            Self::BadJson { line, column } => fill(
                "Некорректный JSON (строка:символ {})",
                "Not valid JSON (line:column {})",
                &format_args!("{line}:{column}"),
            ),
            Self::TooDeep { max } => fill(
                "Слишком глубокая вложенность JSON, не больше {}",
                "JSON is nested too deeply, at most {}",
                max,
            ),
            Self::DuplicateKey { key } => fill("Ключ повторяется: {}", "The key is repeated: {}", key),
            Self::BadForm => say("Не удалось прочитать форму", "The form cannot be read"),
            Self::UnknownCharset { name } => fill("Неизвестная кодировка: {}", "Unknown charset: {}", name),
            Self::FormTimedOut => say("Форма приходила слишком медленно", "The form came too slowly"),
            Self::ForeignOrigin => say("Запрос с чужой страницы", "The request comes from a foreign page"),
            Self::RateLimited { seconds } => fill(
                "Слишком много запросов, повторите через {} с",
                "Too many requests, try again in {} s",
                seconds,
            ),
            Self::NotCaughtUp => {
                say("Данные ещё не готовы, повторите запрос", "The data is not there yet, try again")
            }
            Self::BadPosition => {
                say("Ожидается позиция, например 123 или 123.0", "Expected a position such as 123 or 123.0")
            }
            Self::NotAMoment => {
                say("Ожидается позиция или время по RFC 3339", "Expected a position or an RFC 3339 time")
            }
            Self::InTheFuture => say("Это ещё не наступило", "That has yet to come"),
            Self::HistoryUnavailable => say("Прошлое здесь не показывается", "The past is not shown here"),
            Self::TooMuchHistory { max } => fill(
                "В команде произошло больше, чем можно показать, событий: {}",
                "More has happened in the team than can be shown, events: {}",
                max,
            ),
            Self::TooManyBytesInFlight => say(
                "Слишком много данных одновременно, повторите позже",
                "Too much data at once, try again later",
            ),
            Self::TooManySockets => say(
                "Открыто слишком много соединений, закройте лишние",
                "Too many connections are open, close some",
            ),
            Self::Unavailable => say(
                "Сервис временно недоступен, повторите позже",
                "The service is not available now, try again later",
            ),
            Self::MustRefetch => say(
                "О том, что произошло за это время, сервер уже не расскажет: загрузите данные заново",
                "What happened meanwhile is not told any more: fetch everything anew",
            ),
            Self::Restarting => say(
                "Сервер перезапускается, подключитесь чуть позже",
                "The server restarts, connect again in a moment",
            ),
            Self::TimedOut => say("Сервер не успел ответить", "The server did not answer in time"),
            Self::IdempotencyKeyReused => {
                say("Ключ уже использован для другого запроса", "The key was used for another request")
            }
            Self::Internal { request_id } => {
                fill("Внутренняя ошибка, номер запроса {}", "Internal error, request id {}", request_id)
            }
            Self::RequestedError => say("Ошибка по запросу", "An error on request"),
            Self::Invalid { why } => fill("Некорректное значение: {}", "Not a valid value: {}", why),
        }
    }
}

impl JsonType {
    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::String => pick(lang, "строка", "a string"),
            Self::Integer => pick(lang, "целое число", "an integer"),
            Self::Number => pick(lang, "число", "a number"),
            Self::Boolean => pick(lang, "true или false", "true or false"),
            Self::Array => pick(lang, "список", "an array"),
            Self::Object => pick(lang, "объект", "an object"),
        }
    }
}

pub(super) fn pick<'a>(lang: Lang, russian: &'a str, english: &'a str) -> &'a str {
    match lang {
        Lang::Ru => russian,
        Lang::En => english,
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonType, Lang, Text};

    #[test]
    fn a_sentence_carries_its_parameters_in_both_languages() {
        let text = Text::TooLong { max: 32 };
        assert_eq!(text.render(Lang::Ru), "Не больше символов: 32");
        assert_eq!(text.render(Lang::En), "At most 32 characters");
        let text = Text::WrongType { expected: JsonType::Integer };
        assert_eq!(text.render(Lang::En), "Wrong type, expected an integer");
    }

    #[test]
    fn a_value_with_braces_is_said_as_it_is() {
        let text = Text::DuplicateKey { key: "{}".to_owned() };
        assert_eq!(text.render(Lang::En), "The key is repeated: {}");
    }
}
