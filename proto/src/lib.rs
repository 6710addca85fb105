//! The wire format of Holdover, and nothing else.
//!
//! The `.proto` file in this package is the specification; its comments are
//! normative. The code below is generated from it and committed, so that a build
//! needs no protocol compiler; a test generates it again and compares.

/// Messages and services of `holdover.v1`.
pub mod v1 {
    include!("generated/holdover.v1.rs");
}

/// A message larger than this is never sent: it is what a client takes by default.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
