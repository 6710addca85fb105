//! Holdover behaves as tokio does where everything is recorded, too.
#![cfg(feature = "console")]

#[path = "../shared/recorded.rs"]
mod begin;
#[path = "../names/caught.rs"]
mod caught;
#[path = "../names/with_holdover.rs"]
mod with_holdover;

use begin::begin;
