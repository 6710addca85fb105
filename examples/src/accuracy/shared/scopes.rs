//! What is done in scopes, and how they end.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use super::{
    super::{rt::time::timeout, scope, until},
    Hands,
    lives::{OnDrop, Witnessed},
};
use crate::accuracy::{
    ledger::{What, Why},
    program::{Actor, ScopeEnd, Step},
};

impl Hands {
    /// What a scope does, which may be another scope within it.
    pub(super) fn does<'a>(
        &'a mut self,
        me: Actor,
        steps: &'a [Step],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            for step in steps {
                match step {
                    Step::Scope(actor, steps, end) => self.scope(me, *actor, steps, *end).await,
                    step => self.act(Some(me), step),
                }
            }
        })
    }

    pub(super) async fn scope(&mut self, me: Actor, actor: Actor, steps: &[Step], end: ScopeEnd) {
        let env = Arc::clone(&self.env);
        let name = env.world.name(actor);
        if env.world.was_spawned(actor) {
            return;
        }
        env.world.scope_begins(actor);
        if env.world.is_on_set(me) {
            env.world.is_put_on_set(actor);
        }
        env.world.ledger.note(What::Spawned(actor, Some(me)));
        if end == ScopeEnd::Stays {
            let (mut hands, steps) = (Self::new(&env, Some(actor)), steps.to_vec());
            let body = async move {
                let _on_drop = OnDrop::new(&hands.env, actor);
                hands.does(actor, &steps).await;
                pending::<()>().await;
            };
            let body = Witnessed::new(&env, actor, body);
            let bond = env.world.program.actors[actor].bond;
            let mut scope: Pin<Box<dyn Future<Output = ()> + Send>> = match bond {
                Some(bond) => Box::pin(until(&env.tokens, bond.token, body)),
                None => Box::pin(scope(body, name)),
            };
            let _ = scope.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            self.scopes.push(scope);
            return;
        }
        let body = async {
            let _on_drop = OnDrop::new(&env, actor);
            let owns = env.world.program.actors[actor].owns;
            let mut own = owns.then(|| Self::new(&env, Some(actor)));
            own.as_mut().unwrap_or(self).does(actor, steps).await;
            if matches!(end, ScopeEnd::Loses | ScopeEnd::TimesOut | ScopeEnd::Until) {
                pending::<()>().await;
            }
        };
        let asked = match end {
            ScopeEnd::TimesOut => Some((Why::Timeout, me)),
            ScopeEnd::Loses => Some((Why::Dropped, me)),
            ScopeEnd::Completes | ScopeEnd::InTime | ScopeEnd::Until | ScopeEnd::Stays => None,
        };
        let mut body = Witnessed::new(&env, actor, body);
        body.asked = asked;
        let bond = env.world.program.actors[actor].bond;
        match end {
            ScopeEnd::TimesOut => {
                let _ = timeout(Duration::from_millis(2), body).await;
            }
            ScopeEnd::InTime => {
                let _ = timeout(Duration::from_secs(3600), body).await;
            }
            ScopeEnd::Loses => {
                tokio::select! {
                    biased;
                    () = scope(body, name) => {}
                    () = std::future::ready(()) => {}
                }
            }
            ScopeEnd::Completes | ScopeEnd::Until | ScopeEnd::Stays => match bond {
                Some(bond) => until(&env.tokens, bond.token, body).await,
                None => scope(body, name).await,
            },
        }
    }
}
