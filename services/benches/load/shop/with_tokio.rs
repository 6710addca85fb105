//! The service over tokio itself.

use tokio as rt;

#[path = "routes.rs"]
mod inner;

pub use inner::routes;
