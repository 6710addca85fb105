//! Whether HTTP is served, and whether its requests are scopes.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Blind;
use crate::recorder::table::FileId;

/// A `ScopeLayer` was made.
static LAYER_MADE: AtomicBool = AtomicBool::new(false);
/// A request has gone through one.
static ARE_SCOPES: AtomicBool = AtomicBool::new(false);

/// Somebody means to make requests scopes.
#[cfg(feature = "tower")]
pub(crate) fn layer_made() {
    LAYER_MADE.store(true, Relaxed);
}

/// A request is a scope.
#[cfg(feature = "tower")]
pub(crate) fn requests_are_scopes() {
    // At each request: what is so already is only read.
    if !ARE_SCOPES.load(Relaxed) {
        ARE_SCOPES.store(true, Relaxed);
    }
}

/// HTTP is served, and no request was ever a scope. Seen by the tasks that servers spawn for
/// their connections; a connection that the service itself spawns looks like any task. A
/// layer that was made says nothing yet: axum's covers only what was added before it.
pub(super) fn blind() -> Option<Blind> {
    if ARE_SCOPES.load(Relaxed) || !FileId::any_of_a_library(serves_http) {
        return None;
    }
    let made = LAYER_MADE.load(Relaxed);
    Some(if made { Blind::ScopeLayerUnused } else { Blind::NoScopeLayer })
}

/// The file is the one in which a server that takes tower layers spawns its connections.
fn serves_http(file: &str) -> bool {
    const SERVERS: [(&str, &str); 4] = [
        ("axum-", "/src/serve"),
        ("axum-server-", "/src/server"),
        ("tonic-", "/src/transport/server"),
        ("warp-", "/src/server"),
    ];
    let file = file.replace('\\', "/");
    SERVERS.iter().any(|(package, folder)| {
        let Some((before, _)) = file.split_once(folder) else { return false };
        let name = before.rsplit('/').next().unwrap_or_default();
        let version = name.strip_prefix(package);
        version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::serves_http;

    #[test]
    fn a_server_is_told_from_a_client_and_from_others() {
        let registry = "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        for (file, serves) in [
            ("axum-0.8.9/src/serve/mod.rs", true),
            ("axum-0.7.5/src/serve.rs", true),
            ("axum-server-0.7.2/src/server.rs", true),
            ("tonic-0.14.9/src/transport/server/mod.rs", true),
            ("warp-0.4.2/src/server.rs", true),
            // A client's connections too are spawned there.
            ("hyper-util-0.1.21/src/rt/tokio.rs", false),
            ("tonic-0.14.9/src/transport/channel/mod.rs", false),
            ("axum-extra-0.10.1/src/serve.rs", false),
            ("axum-0.8.9/src/extract/ws.rs", false),
            ("tokio-1.54.1/src/task/spawn.rs", false),
        ] {
            assert_eq!(serves_http(&format!("{registry}/{file}")), serves, "{file}");
        }
        assert!(serves_http("C:\\Users\\me\\.cargo\\registry\\src\\x\\axum-0.8.9\\src\\serve.rs"));
    }
}
