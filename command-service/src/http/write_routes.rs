//! The table of write routes. A route gets into the router either behind the layer that answers repetitions under an
//! `Idempotency-Key`, or with a reason why it is exempt.
//!
//! The layer extracts what the handler wants from the request's head, reads the body within its budget, gives the kept answer
//! to a repetition or runs the handler, and keeps its answer. Handlers behind the layer take a [`Context`], which no route
//! outside of it has.

use super::command::{Command, NoInput};
use crate::{answers::Answer, context::Context, idempotency::OnReceipt, service::CommandService};
use axum::{
    Extension,
    extract::{FromRequest, FromRequestParts, Request, State},
    handler::Handler,
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use platform::http::{AddressFirst, ApiError, BodyLimit};
use utoipa::openapi::{
    RefOr,
    path::{HttpMethod, Operation, Paths},
    schema::Schema,
};
use utoipa_axum::{PathItemExt, router::OpenApiRouter};

/// Why a route is not behind the idempotency layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exemption {
    /// It changes nothing.
    NoChange,
    /// Its answer hands out a secret in a header, in a cookie or as a picture, which is never kept.
    Secret,
    /// A repeated logout is harmless, and its answer clears cookies.
    Logout,
    /// Its body is a streamed form, which is read before the key's fingerprint is known; the handler calls
    /// [`Idempotency::once`](crate::idempotency::Idempotency::once).
    Streamed,
    /// It is a client event, whose name says whether repetitions are answered; the handler calls
    /// [`Idempotency::once`](crate::idempotency::Idempotency::once).
    ClientEvent,
    /// It answers programs without an envelope; a repetition is found by the message's id or by the log's receipt.
    Integration,
}

/// How a route treats repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// The layer answers them.
    Layered(OnReceipt),
    /// The layer does not see them.
    Exempt(Exemption),
}

/// Limits on the bodies of a route.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RouteLimits {
    pub(crate) body: Option<BodyLimit>,
    /// The quota of an address; once it is used up, bodies from the address are not read.
    pub(crate) address: Option<AddressFirst>,
}

/// A handler with the description of its route.
pub(crate) struct Route<H> {
    pub(crate) handler: H,
    pub(crate) path: String,
    pub(crate) methods: Vec<HttpMethod>,
    pub(crate) operation: Operation,
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
    pub(crate) limits: RouteLimits,
}

/// The [`Route`] of a handler with an attribute `utoipa::path`.
macro_rules! route {
    ($handler:path) => {{
        let mut schemas = Vec::new();
        let (path, operation, methods) = utoipa_axum::routes!(@resolve_types $handler : schemas);
        $crate::http::write_routes::Route {
            handler: $handler,
            path,
            methods,
            operation,
            schemas,
            limits: $crate::http::write_routes::RouteLimits::default(),
        }
    }};
}
pub(super) use route;

impl<H> Route<H> {
    /// Sets the limits of the route.
    pub(crate) fn limited(self, limits: RouteLimits) -> Self {
        Self { limits, ..self }
    }
}

/// The write routes.
#[derive(Default)]
pub(crate) struct WriteRoutes {
    router: OpenApiRouter<CommandService>,
    repetitions: Vec<(HttpMethod, String, Repetition)>,
}

impl WriteRoutes {
    /// Adds a route behind the layer.
    pub(crate) fn once<H: WriteHandler<T>, T: 'static>(self, route: Route<H>) -> Self {
        self.layered(route, OnReceipt::Run)
    }

    /// Adds a route behind the layer that removes something: a repetition would find nothing to remove.
    pub(crate) fn removal<H: WriteHandler<T>, T: 'static>(self, route: Route<H>) -> Self {
        self.layered(route, OnReceipt::AnswerNothing)
    }

    fn layered<H: WriteHandler<T>, T: 'static>(self, route: Route<H>, on_receipt: OnReceipt) -> Self {
        let handler = route.handler.clone();
        let layered = move |State(service): State<CommandService>, request: Request| {
            handler.clone().handle(service, request, on_receipt)
        };
        self.add(route, layered, Repetition::Layered(on_receipt))
    }

    /// Adds a route that is not behind the layer.
    pub(crate) fn exempt<H: Handler<T, CommandService>, T: 'static>(
        self,
        route: Route<H>,
        exemption: Exemption,
    ) -> Self {
        let handler = route.handler.clone();
        self.add(route, handler, Repetition::Exempt(exemption))
    }

    fn add<R, H: Handler<T, CommandService>, T: 'static>(
        mut self,
        route: Route<R>,
        handler: H,
        repetition: Repetition,
    ) -> Self {
        let Route { path, methods, operation, schemas, limits, .. } = route;
        let mut methods_of_path = MethodRouter::new();
        for method in &methods {
            self.repetitions.push((method.clone(), path.clone(), repetition));
            methods_of_path = methods_of_path.on(method.to_method_filter(), handler.clone());
        }
        if let Some(limit) = limits.body {
            methods_of_path = methods_of_path.layer(Extension(limit));
        }
        if let Some(limit) = limits.address {
            methods_of_path = methods_of_path.layer(Extension(limit));
        }
        let mut paths = Paths::new();
        paths.add_path_operation(&path, methods, operation);
        self.router = self.router.routes((schemas, paths, methods_of_path));
        self
    }

    /// The router.
    pub(crate) fn into_router(self) -> OpenApiRouter<CommandService> {
        self.router
    }
}

/// A handler behind the layer: an async function of extractors of the request's head, the [`Context`], and, unless it reads
/// no body, an extractor of the body.
pub(crate) trait WriteHandler<T>: Clone + Send + Sync + 'static {
    /// Runs the handler once for each key.
    fn handle(
        self,
        service: CommandService,
        request: Request,
        on_receipt: OnReceipt,
    ) -> impl Future<Output = Response> + Send;
}

/// Marks handlers that read the body by `E`.
pub(crate) struct WithBody<E>(std::marker::PhantomData<E>);
/// Marks handlers that read no body.
pub(crate) struct WithoutBody;

macro_rules! write_handlers {
    ($($part:ident)*) => {
        impl<F, Fut, E, $($part,)*> WriteHandler<(WithBody<E>, $($part,)*)> for F
        where
            F: FnOnce($($part,)* Context, E) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<Answer, ApiError>> + Send,
            E: FromRequest<CommandService, Rejection = ApiError> + Send,
            $($part: FromRequestParts<CommandService> + Send,)*
        {
            #[allow(non_snake_case)]
            async fn handle(self, service: CommandService, request: Request, on_receipt: OnReceipt) -> Response {
                let (mut parts, body) = request.into_parts();
                $(
                    let $part = match $part::from_request_parts(&mut parts, &service).await {
                        Ok(part) => part,
                        Err(refused) => return refused.into_response(),
                    };
                )*
                let request = Request::from_parts(parts, body);
                match Command::<E>::from_request(request, &service).await {
                    Ok(Command { context, input }) => {
                        let run = |context| self($($part,)* context, input);
                        service.idempotency.once(context, on_receipt, run).await.into_response()
                    }
                    Err(refused) => refused.into_response(),
                }
            }
        }

        impl<F, Fut, $($part,)*> WriteHandler<(WithoutBody, $($part,)*)> for F
        where
            F: FnOnce($($part,)* Context) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<Answer, ApiError>> + Send,
            $($part: FromRequestParts<CommandService> + Send,)*
        {
            #[allow(non_snake_case)]
            async fn handle(self, service: CommandService, request: Request, on_receipt: OnReceipt) -> Response {
                let with_body = |$($part: $part,)* context: Context, _: NoInput| self($($part,)* context);
                WriteHandler::<(WithBody<NoInput>, $($part,)*)>::handle(with_body, service, request, on_receipt)
                    .await
            }
        }
    };
}

write_handlers!(P1);
write_handlers!(P1 P2);
write_handlers!(P1 P2 P3);
write_handlers!(P1 P2 P3 P4);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn name(method: &HttpMethod) -> &'static str {
        match method {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Delete => "DELETE",
            HttpMethod::Patch => "PATCH",
            _ => "other",
        }
    }

    /// The registration admits nothing else; this notices a route that comes into the router by another way.
    #[test]
    fn every_write_route_is_behind_the_idempotency_layer_or_exempt_with_a_reason() {
        let routes = super::super::routes();
        let repetitions: BTreeMap<(String, String), Repetition> = routes
            .repetitions
            .iter()
            .map(|(method, path, repetition)| ((name(method).to_owned(), path.clone()), *repetition))
            .collect();
        let document = routes.into_router().into_openapi();
        let mut operations = 0;
        for (path, item) in &document.paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("DELETE", &item.delete),
                ("PATCH", &item.patch),
            ] {
                if operation.is_some() {
                    operations += 1;
                    let repetition = repetitions.get(&(method.to_owned(), path.clone()));
                    assert!(repetition.is_some(), "{method} {path}");
                    let reads = method == "GET";
                    let exempt = matches!(repetition, Some(Repetition::Exempt(_)));
                    assert!(exempt || !reads, "{method} {path}: browsers send no key");
                }
            }
        }
        assert_eq!(repetitions.len(), operations);
        let exempt = repetitions.values().filter(|repetition| matches!(repetition, Repetition::Exempt(_)));
        assert_eq!(exempt.count(), 15, "a route that is exempt needs a reason");
    }
}
