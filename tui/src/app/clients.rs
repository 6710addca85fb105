//! Those who speak to the targets, and what is said to them.

use std::sync::Arc;

use holdover_proto::v1;
use tokio::sync::{Notify, mpsc, watch};

use super::EVENTS;
use crate::{
    client::{self, Address, Addresses, Ask, Event, TargetId},
    model::{Effect, Model},
};

/// What they have heard, of which target.
pub(super) type Heard = mpsc::Receiver<(TargetId, Event)>;

/// One for each target, in the model's order.
pub(super) struct Clients(Vec<Client>);

impl Clients {
    /// When every client has ended, so has what they have heard.
    pub(super) fn start(addresses: &Addresses, model: &Model) -> (Self, Heard) {
        let (to, heard) = mpsc::channel(EVENTS);
        let start = |(of, address)| {
            let events = client::Events { of, to: to.clone() };
            Client::start(address, model.view_of(of), events)
        };
        (Self(model.targets.ids().zip(addresses.all()).map(start).collect()), heard)
    }

    /// What of an effect is a target's to do.
    pub(super) fn follow(&self, effect: &Effect) {
        match effect {
            Effect::Describe => self.0.iter().for_each(|it| it.describe_now.notify_one()),
            Effect::Cancel { of, what, reason } => {
                let (what, reason) = (*what, reason.clone());
                self.0[of.0].ask(Ask::Cancel { what, reason });
            }
            Effect::Leaks { of } => self.0[of.0].ask(Ask::EveryLeak),
            _ => {}
        }
    }

    /// What the model wants to see from now on.
    pub(super) fn want_what(&self, model: &Model) {
        for (of, client) in model.targets.ids().zip(&self.0) {
            client.want(model.view_of(of));
        }
    }
}

/// What is said to one client.
struct Client {
    view: watch::Sender<Option<v1::View>>,
    describe_now: Arc<Notify>,
    asks: mpsc::Sender<Ask>,
}

impl Client {
    fn start(address: Address, view: Option<v1::View>, events: client::Events) -> Self {
        let (view, view_in) = watch::channel(view);
        let describe_now = Arc::new(Notify::new());
        let (asks, asks_in) = mpsc::channel(EVENTS);
        let asked = Arc::clone(&describe_now);
        let wanted = client::Wanted { view: view_in, describe_now: asked, asks: asks_in };
        tokio::spawn(client::run(address, wanted, events));
        Self { view, describe_now, asks }
    }

    fn want(&self, wanted: Option<v1::View>) {
        self.view.send_if_modified(|before| {
            let changed = *before != wanted;
            *before = wanted;
            changed
        });
    }

    /// One that finds no room is not answered, as the question shows.
    fn ask(&self, ask: Ask) {
        let _ = self.asks.try_send(ask);
    }
}
