//! An unchanged client of tokio-console's own library, against our server: what it is told
//! agrees with our own view of the same moment, and what it does costs nobody else.

#![cfg(all(feature = "console", feature = "fmt", feature = "tokio-console"))]

#[cfg(unix)]
mod binary;
mod details;
mod drop_in;
mod figures;
mod mirror;
mod resources;
#[cfg(unix)]
mod still;
mod updates;

use std::time::Duration;

/// One test, since a process has one recorder.
#[test]
fn an_unchanged_client_is_served() {
    let builder = holdover::Builder::new()
        .bind("127.0.0.1:0")
        .publish_interval(Duration::from_millis(50))
        .grace(Duration::from_millis(100))
        .log(holdover::Log::Off);
    let started = builder.try_init().expect("it starts");
    let address = started.address().expect("an address").to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        updates::one_task(&address).await;
        updates::each_task_is_as_in_our_own_view(&address).await;
        updates::how_it_was_cancelled(&address).await;
        figures::who_woke_it_and_when(&address).await;
        figures::how_large_it_is(&address).await;
        figures::a_poll_counts_from_its_beginning(&address).await;
        resources::who_holds_and_who_waits(&address).await;
        resources::timers_and_what_cancelled_tasks_leave(&address).await;
        details::how_long_the_polls_took(&address).await;
        details::of_a_task_that_ends(&address).await;
        details::of_a_task_that_is_none(&address).await;
        details::no_more_than_a_few(&address).await;
        resources::a_timer_that_went_off(&address).await;
        updates::a_pause_is_the_clients_own(&address).await;
        updates::one_that_stops_reading(&address).await;
        updates::no_more_than_a_few(&address).await;
        updates::churn(&address).await;
        updates::a_hundred_thousand(&address).await;
    });
}
