//! Holdover in real services. Everything is in the tests: HTTP servers with real
//! clients, pools on a real database.
