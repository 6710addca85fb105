//! The service over Holdover.

use holdover as rt;

#[path = "routes.rs"]
mod inner;

pub use inner::routes;
