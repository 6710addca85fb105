//! The wire format of Holdover, and nothing else.
//!
//! The `.proto` files in this package are the specification; their comments are
//! normative. The code below is generated from them and committed, so that a build
//! needs no protocol compiler; a test generates it again and compares.

/// Messages and services of `holdover.v1`.
pub mod v1 {
    include!("generated/holdover.v1.rs");
}

/// What tokio-console asks of a service.
#[cfg(feature = "tokio-console")]
pub mod tokio_console {
    include!("generated/rs.tokio.console.instrument.rs");
}

/// The `.proto` files, compiled.
#[cfg(feature = "descriptors")]
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

/// By which a message says how large it is.
pub use prost::Message;

/// A message larger than this is never sent: it is what a client takes by default.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
