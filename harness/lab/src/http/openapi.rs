use serde_json::{Map, Value, json};

use super::routes::{ROUTES, Route};

/// The schemas of what goes in and out.
const SCHEMAS: &str = include_str!("schemas.json");

/// The API as OpenAPI 3.1 describes it; `api` is where it is.
pub(crate) fn description(api: &str) -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Collaudo lab",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Stand-in providers of certified mail: what crossed, and the clock",
        },
        "servers": [{ "url": api.trim_end_matches("/api") }],
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn operation(route: &Route) -> Value {
    let good = match route.gives {
        Some(name) => json!({ "application/json": { "schema": reference(name) } }),
        None => json!({ "message/rfc822": { "schema": { "type": "string", "format": "binary" } } }),
    };
    let mut responses = Map::from_iter([("200".to_owned(), json!({ "description": "Done", "content": good }))]);
    for status in route.faults.iter().chain(&[403, 500]) {
        let content = json!({ "application/json": { "schema": reference("Error") } });
        responses.insert(status.to_string(), json!({ "description": meaning(*status), "content": content }));
    }
    let mut operation = json!({ "operationId": route.id, "summary": route.summary, "responses": responses });
    let query = route.query.iter().map(|(name, what)| {
        json!({ "name": name, "in": "query", "required": false, "description": what, "schema": { "type": "string" } })
    });
    let in_path = route
        .path
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(name, _)| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let parameters: Vec<_> = query.chain(in_path).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(name) = route.takes {
        let content = json!({ "application/json": { "schema": reference(name) } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request does not say what it should",
        403 => "Not asked from this machine, or not as JSON",
        404 => "There is none",
        409 => "The lab could not do it",
        _ => "The lab has stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_every_schema_that_is_named_is_there() {
        let description = description("http://127.0.0.1:6100/api");
        for route in &ROUTES {
            let method = route.method.as_str().to_ascii_lowercase();
            assert_eq!(description["paths"][route.path][method]["operationId"], route.id);
        }
        let text = description.to_string();
        let named = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        for name in named {
            assert!(description["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
