//! Sentences for people about refusals, in every language.

use super::{Lang, ReadOnlyReason};
use std::fmt::Display;

/// Types of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    /// A text.
    String,
    /// A number without a fraction.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// An object.
    Object,
}

/// A sentence for people, kept as a variant with parameters until the language is known.
///
/// A new refusal is a new variant here and a line in [`Text::render`] that says it in every language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The value is missing or empty.
    Required,
    /// The value is not a phone number.
    NotAPhone,
    /// Login codes are not sent to numbers of this type or country.
    CodesNotOffered,
    /// The text has too many characters.
    TooLong {
        /// Maximum number of characters.
        max: usize,
    },
    /// The text has too few characters.
    TooShort {
        /// Minimum number of characters.
        min: usize,
    },
    /// The list has too many elements.
    TooMany {
        /// Maximum number of elements.
        max: usize,
    },
    /// The value has too many bytes.
    TooLarge {
        /// Maximum number of bytes.
        max: usize,
    },
    /// The number is out of range.
    OutOfRange {
        /// Smallest allowed value.
        min: i64,
        /// Largest allowed value.
        max: i64,
    },
    /// The value has another JSON type.
    WrongType {
        /// Expected type.
        expected: JsonType,
    },
    /// The word is not in a closed list.
    NotOneOf {
        /// Allowed words.
        allowed: Vec<String>,
    },
    /// The object has no such field.
    UnknownField,
    /// The value is not a UUID.
    NotAUuid,
    /// The value is not a chat address.
    NotAJid,
    /// The value is not an RFC 3339 time.
    NotATime,
    /// The value is not a time of day `HH:MM`.
    NotATimeOfDay,
    /// The value is not an e-mail address.
    NotAnEmail,
    /// The value is not the name of a time zone.
    NotATimeZone,
    /// The time has passed.
    NotInTheFuture,
    /// The value is not an absolute http(s) address.
    BadUrl,
    /// The server does not send requests to this address.
    UrlNotAllowed,
    /// The value has characters that are not allowed.
    BadCharacters,
    /// The value is repeated.
    Duplicate,
    /// The value cannot be changed any more, or not by this call.
    ReadOnly,
    /// No object has this id or name.
    DoesNotExist,
    /// The login code is wrong.
    WrongCode,
    /// The login code has expired.
    CodeExpired,
    /// The login code was tried too often.
    TooManyTries,
    /// The invitation or link is not valid.
    BadToken,
    /// The integration's key is unknown or disabled.
    BadKey,
    /// The file is not an image of an accepted type.
    NotAPicture,
    /// The image has too many pixels.
    PictureTooLarge,
    /// The image is damaged and its metadata cannot be removed.
    PictureNotCleanable,
    /// Decoding the image takes too long.
    PictureTooSlow,
    /// The team's storage quota is exhausted.
    QuotaExceeded {
        /// Free bytes.
        left: u64,
    },
    /// Another object uses it.
    InUse,
    /// The time for changes is over.
    TooLate,
    /// The caller's role does not allow it.
    RoleForbids,
    /// The caller may read the chat but not write to it.
    ReadOnlyChat(ReadOnlyReason),
    /// The caller's role does not allow changing these fields.
    FieldsForbidden {
        /// Names of the fields.
        fields: String,
    },
    /// Only members of a group may set up its integrations.
    NotInGroup,
    /// The last owner cannot leave or be demoted.
    LastOwner,
    /// The phone number is not the caller's.
    NotYourPhone,
    /// Only the account itself may do it.
    OnlyYourself,
    /// The team is archived.
    Archived,
    /// The command or event is unknown.
    UnknownEvent {
        /// Requested name.
        name: String,
    },
    /// Calls are not offered by this server.
    NoCalls,
    /// The request has no body, or one of an unsupported type.
    UnsupportedMediaType,
    /// The body is compressed or encoded.
    UnsupportedCoding,
    /// The body is not JSON.
    BadJson {
        /// Line of the error, from 1.
        line: usize,
        /// Column of the error, from 1.
        column: usize,
    },
    /// The JSON is nested too deeply.
    TooDeep {
        /// Maximum depth.
        max: usize,
    },
    /// A key occurs twice in one object.
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// The form cannot be parsed.
    BadForm,
    /// The charset is unknown.
    UnknownCharset {
        /// Label of the charset.
        name: String,
    },
    /// The form arrived too slowly.
    FormTimedOut,
    /// The request comes from a page of another origin.
    ForeignOrigin,
    /// Too many requests.
    RateLimited {
        /// Seconds until the next request is accepted.
        seconds: u64,
    },
    /// The value is not a feed position.
    BadPosition,
    /// The value is neither a position nor a time.
    NotAMoment,
    /// The moment has not happened yet.
    InTheFuture,
    /// This resource has no history view.
    HistoryUnavailable,
    /// The team has too many events to replay.
    TooMuchHistory {
        /// Maximum number of events.
        max: u64,
    },
    /// Too many bytes are in flight at once.
    TooManyBytesInFlight,
    /// Too many sockets are open.
    TooManySockets,
    /// The read model has not reached the requested position.
    NotCaughtUp,
    /// A part of the server is not available.
    Unavailable,
    /// Missed events are no longer available; the client must fetch the state.
    MustRefetch,
    /// The server is restarting.
    Restarting,
    /// The server took too long.
    TimedOut,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// An internal error; the request id leads to the log.
    Internal {
        /// Id of the request.
        request_id: String,
    },
    /// The error was requested by the caller, for tests.
    RequestedError,
    /// Another refusal of a value, in the English words of the parser.
    Invalid {
        /// Explanation of the parser.
        why: String,
    },
}

impl Text {
    /// The sentence in a language.
    pub fn render(&self, lang: Lang) -> String {
        let say = |russian: &str, english: &str| lang.pick(russian, english).to_owned();
        let fill = |russian: &str, english: &str, value: &dyn Display| {
            lang.pick(russian, english).replacen("{}", &value.to_string(), 1)
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
            Self::String => lang.pick("строка", "a string"),
            Self::Integer => lang.pick("целое число", "an integer"),
            Self::Number => lang.pick("число", "a number"),
            Self::Boolean => lang.pick("true или false", "true or false"),
            Self::Array => lang.pick("список", "an array"),
            Self::Object => lang.pick("объект", "an object"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonType, Lang, Text};

    #[test]
    fn text_renders_its_parameters_in_both_languages() {
        let text = Text::TooLong { max: 32 };
        assert_eq!(text.render(Lang::Ru), "Не больше символов: 32");
        assert_eq!(text.render(Lang::En), "At most 32 characters");
        let text = Text::WrongType { expected: JsonType::Integer };
        assert_eq!(text.render(Lang::En), "Wrong type, expected an integer");
    }

    #[test]
    fn parameter_with_braces_is_rendered_verbatim() {
        let text = Text::DuplicateKey { key: "{}".to_owned() };
        assert_eq!(text.render(Lang::En), "The key is repeated: {}");
    }
}
