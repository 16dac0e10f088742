//! The AsyncAPI 3 document of the websocket, made from the types of the frames, and a page that shows it.

use axum::{Router, response::Html, routing::get};
use http::{
    HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use protocol::{
    html::escape,
    realtime::{
        Activity, ClientEvent, Composing, Confirm, DeleteMessage, LastRead, PostMessage, ServerEvent,
    },
};
use serde_json::{Map, Value, json};
use std::{fmt::Write as _, sync::LazyLock};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Content security policy of the page: its own style only.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    ServerEvent::schemas(&mut schemas);
    let heard = server_messages();
    let said = client_messages(&mut schemas);
    let refer = |names: &Map<String, Value>, place: &str| -> Map<String, Value> {
        names.keys().map(|name| (name.clone(), json!({"$ref": format!("#/{place}/{name}")}))).collect()
    };
    let list = |names: &Map<String, Value>, channel: &str| -> Vec<Value> {
        let pointer = |name: &String| json!({"$ref": format!("#/channels/{channel}/messages/{name}")});
        names.keys().map(pointer).collect()
    };
    let all: Map<String, Value> =
        heard.iter().chain(&said).map(|(name, it)| (name.clone(), it.clone())).collect();
    let schemas: Map<String, Value> =
        schemas.into_iter().map(|(name, schema)| (name, value(&schema))).collect();
    let team = json!({"team_uid": {"description": "Id of the team"}});
    let from = json!({"type": "object", "properties": {"from": {
        "type": "string",
        "pattern": r"^([0-9]+(\.[0-9]+)?|confirmed)$",
        "description": "Position to resume after: all later frames are sent before new ones. `confirmed`: after the last frame \
            that a client of this session confirmed (websockets only)",
    }}});
    let mut query = from.clone();
    query["properties"]["roster"] = json!({
        "type": "string",
        "enum": ["true", "false"],
        "description": "Whether the first frame is `server.roster`; ignored if `from` is given",
    });
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Veche",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Live updates of a team messenger. A client confirms each frame that has a `confirm_id`. A frame \
                that an event caused carries the event's position in the log, from which a client may resume.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/messaging/{team_uid}",
                "title": "Websocket of a team",
                "parameters": team,
                "bindings": {"ws": {"method": "GET", "query": query}},
                "messages": refer(&all, "components/messages"),
            },
            "stream": {
                "address": "/api/v3/teams/{team_uid}/events",
                "title": "Server-sent events of a team: the frames of the websocket, receive only",
                "parameters": team,
                "bindings": {"http": {"method": "GET", "query": from}},
                "messages": refer(&heard, "components/messages"),
            },
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/socket"},
                "messages": list(&heard, "socket"),
            },
            "hear": {
                "action": "receive",
                "channel": {"$ref": "#/channels/socket"},
                "messages": list(&said, "socket"),
            },
            "stream": {
                "action": "send",
                "channel": {"$ref": "#/channels/stream"},
                "messages": list(&heard, "stream"),
            },
        },
        "components": {"messages": all, "schemas": schemas},
    })
}

/// The document as JSON and its page, built at their first request, so that no start waits for them.
static PAGES: LazyLock<(String, String)> = LazyLock::new(|| {
    let document = document();
    (document.to_string(), page(&document))
});

/// Routes of `/asyncapi.json` and of `/docs/events`, which shows it.
pub(crate) fn routes() -> Router {
    let json = async || ([(CONTENT_TYPE, "application/json")], PAGES.0.as_str());
    let html = async || {
        let policy = HeaderValue::from_static(PAGE_POLICY);
        platform::http::Bare(([(CONTENT_SECURITY_POLICY, policy)], Html(PAGES.1.as_str())))
    };
    Router::new().route("/asyncapi.json", get(json)).route("/docs/events", get(html))
}

/// The messages of the server: each variant with the envelope's fields.
fn server_messages() -> Map<String, Value> {
    let mut schema = value(&ServerEvent::schema());
    let variants = schema["oneOf"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let message = |mut payload: Value| {
        let name = payload["properties"]["event"]["enum"][0].as_str()?.to_owned();
        let about = payload.as_object_mut()?.remove("description").unwrap_or_default();
        payload["additionalProperties"] = false.into();
        payload["properties"]["confirm_id"] =
            json!({"type": "string", "description": "Id to send back in `client.confirm`"});
        payload["properties"]["position"] = json!({"type": "integer", "minimum": 1, "description": "Position of the event that caused the frame"});
        payload["properties"]["ordinal"] = json!({"type": "integer", "minimum": 0, "description": "Number of the frame among those of the event, from 0"});
        payload["dependentRequired"] = json!({"position": ["ordinal"], "ordinal": ["position"]});
        let params = &mut payload["properties"]["params"];
        if params["properties"].is_object() {
            params["additionalProperties"] = false.into();
        }
        Some((name.clone(), json!({"name": name, "summary": about, "payload": payload})))
    };
    variants.into_iter().filter_map(message).collect()
}

fn client_messages(schemas: &mut Schemas) -> Map<String, Value> {
    let message = |event: ClientEvent| {
        let (name, params) = (event.name(), params_of(event, schemas));
        let required = if event == ClientEvent::Ping { json!(["event"]) } else { json!(["event", "params"]) };
        let payload = json!({
            "type": "object",
            "required": required,
            "properties": {
                "event": {"type": "string", "enum": [name]},
                "params": params,
                "confirm_id": {
                    "type": ["string", "number"],
                    "description": "Id chosen by the client; the server echoes it in `server.confirm`",
                },
            },
        });
        (name.to_owned(), json!({"name": name, "summary": event.summary(), "payload": payload}))
    };
    ClientEvent::ALL.into_iter().map(message).collect()
}

fn params_of(event: ClientEvent, schemas: &mut Schemas) -> Value {
    fn params<T: ToSchema>(schemas: &mut Schemas) -> Value {
        T::schemas(schemas);
        value(&T::schema())
    }
    match event {
        ClientEvent::Ping => json!({"type": "object"}),
        ClientEvent::Confirm => params::<Confirm>(schemas),
        ClientEvent::Activity => params::<Activity>(schemas),
        ClientEvent::Composing => params::<Composing>(schemas),
        ClientEvent::LastRead => params::<LastRead>(schemas),
        ClientEvent::MessageUpdated => params::<PostMessage>(schemas),
        ClientEvent::MessageDeleted => params::<DeleteMessage>(schemas),
    }
}

fn value(schema: &RefOr<Schema>) -> Value {
    // Schemas consist of maps and texts, which always serialize.
    serde_json::to_value(schema).unwrap_or_default()
}

/// The document as an HTML page: every message with its schema, and every referenced schema; all text is escaped.
fn page(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Veche: events</title><style>\
         body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
         pre{background:#f4f4f4;padding:1rem;overflow-x:auto;font-size:.85rem}summary{cursor:pointer}\
         code,summary{font-family:ui-monospace,monospace}</style></head><body><h1>Veche: events</h1>",
    );
    let about = document["info"]["description"].as_str().unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(page, "<p>{}</p><p><a href=\"/asyncapi.json\">asyncapi.json</a></p>", escape(about));
    for (title, place, prefix) in [
        ("Messages of the server", "/components/messages", "server."),
        ("Messages of clients", "/components/messages", "client."),
        ("Schemas", "/components/schemas", ""),
    ] {
        let _ = write!(page, "<h2>{title}</h2>");
        let entries = document.pointer(place).and_then(Value::as_object).into_iter().flatten();
        for (name, entry) in entries.filter(|(name, _)| name.starts_with(prefix)) {
            let (about, schema) = match prefix {
                "" => ("", entry),
                _ => (entry["summary"].as_str().unwrap_or_default(), &entry["payload"]),
            };
            let schema = serde_json::to_string_pretty(schema).unwrap_or_default();
            let (name, about, schema) = (escape(name), escape(about), escape(&schema));
            let _ = write!(
                page,
                "<details id=\"{name}\"><summary>{name}</summary><p>{about}</p><pre>{schema}</pre></details>"
            );
        }
    }
    page.push_str("</body></html>");
    page
}

#[cfg(test)]
mod tests {
    use super::{document, page};
    use serde_json::{Value, json};

    #[test]
    fn every_reference_resolves() {
        fn follow(document: &Value, value: &Value) {
            match value {
                Value::Object(entries) => {
                    if let Some(target) = entries.get("$ref").and_then(Value::as_str) {
                        let found = document.pointer(target.trim_start_matches('#'));
                        assert!(found.is_some(), "{target} leads nowhere");
                    }
                    entries.values().for_each(|entry| follow(document, entry));
                }
                Value::Array(entries) => entries.iter().for_each(|entry| follow(document, entry)),
                _ => {}
            }
        }
        let document = document();
        follow(&document, &document);
    }

    #[test]
    fn every_message_has_a_description() {
        let document = document();
        let messages = document["components"]["messages"].as_object().unwrap();
        assert!(messages.len() > 20);
        for (name, message) in messages {
            assert_eq!(message["payload"]["properties"]["event"]["enum"], json!([name]));
            assert!(message["summary"].as_str().is_some_and(|about| !about.is_empty()), "{name}");
        }
    }

    #[test]
    fn page_shows_every_message_and_escapes_all_text() {
        let document = document();
        let page = page(&document);
        for name in document["components"]["messages"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("<summary>{name}</summary>")), "{name}");
        }
    }
}
