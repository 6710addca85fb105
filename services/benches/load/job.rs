//! The service's own process.

use std::{io::stdin, net::Ipv4Addr};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{
    cpu::{Used, resident},
    modes::Mode,
    process::{Setting, VARIABLE, tell},
    shop::{self, Out},
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub setting: Setting,
    pub out: Out,
}

/// Where it serves.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Serves {
    pub port: u16,
}

/// What it has used so far.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Uses {
    /// Seconds of CPU time of the service's threads, and of the console's.
    pub service: f64,
    pub console: f64,
    /// Bytes that are resident.
    pub resident: u64,
}

impl Job {
    pub fn of_this_process() -> Option<Self> {
        let text = std::env::var(VARIABLE).ok()?;
        Some(serde_json::from_str(&text).expect("a job of this program"))
    }

    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// Serves on one core, its console thread too, until nobody asks it any more.
    pub fn run(&self) {
        let setting = self.setting();
        setting.cores.unpin();
        setting.cores.pin_to_the_first();
        setting.mode.install(&setting.socket);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a port");
        tell(&Serves { port: listener.local_addr().expect("an address").port() });
        let routes = if setting.mode == Mode::Shims {
            let routes = runtime.block_on(shop::with_holdover::routes(self.out));
            routes.layer(holdover::tower::ScopeLayer::new())
        } else {
            runtime.block_on(shop::with_tokio::routes(self.out))
        };
        runtime.spawn(async { axum::serve(listener, routes).await });
        let mut line = String::new();
        while stdin().read_line(&mut line).unwrap_or(0) > 0 {
            let used = Used::now();
            let (service, console) = (used.workload(), used.console());
            let (service, console) = (service.as_secs_f64(), console.as_secs_f64());
            tell(&Uses { service, console, resident: resident() });
        }
    }
}
