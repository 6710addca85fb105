//! A program as Rust that a person can paste into a file and run.

mod things;

use std::fmt::Write as _;

use self::things::usage;
use super::program::{Actor, ActorKind, Flavor, Form, Keep, Program, ScopeEnd, Step, ThingId};

/// What is the same of all programs.
const PRELUDE: &str = include_str!("print/prelude.rs.txt");

/// What only Holdover has.
const SHIMS: &str = "
use holdover::{
    FutureExt,
    hold::{Held, Hold, Kind, Registry},
    sync::CancellationToken,
    time::call_later,
};

static TRACKER: std::sync::LazyLock<holdover::task::TaskTracker> =
    std::sync::LazyLock::new(holdover::task::TaskTracker::new);

fn registered() -> Registry<u8> {
    let registry = Registry::new(Kind::Connection, \"registered\");
    registry.register(Arc::new(7), SOON);
    registry
}

fn again() {
    call_later(Duration::from_millis(15), again);
}
";

/// The program, whole.
pub fn print(program: &Program) -> String {
    let (rt, shims) = match program.form {
        Form::Shim => ("holdover", SHIMS),
        Form::Plain => ("tokio", ""),
    };
    let Program { seed, flavor, .. } = program;
    let mut printer = Printer { program, out: String::new(), depth: 1 };
    printer.main();
    format!("// Program {seed}, {flavor:?}.\nuse {rt} as rt;\n{PRELUDE}{shims}\n{}", printer.out)
}

struct Printer<'a> {
    program: &'a Program,
    out: String,
    depth: usize,
}

impl Printer<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{:1$}{line}", "", 4 * self.depth);
    }

    fn within(&mut self, begin: &str, end: &str, body: impl FnOnce(&mut Self)) {
        self.line(begin);
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line(end);
    }

    fn is_shim(&self) -> bool {
        self.program.form == Form::Shim
    }

    fn main(&mut self) {
        self.depth = 0;
        self.within("fn main() {", "}", |it| {
            it.line("holdover::init();");
            let flavor = match it.program.flavor {
                Flavor::Multi | Flavor::Own => "new_multi_thread().worker_threads(2)",
                // On a `LocalSet` each `spawn` is a `spawn_local`.
                Flavor::Current | Flavor::Local | Flavor::OwnSet => "new_current_thread()",
            };
            it.line(&format!(
                "let runtime = tokio::runtime::Builder::{flavor}.enable_all().build().unwrap();"
            ));
            it.line("let _entered = runtime.enter();");
            it.tokens();
            it.line("let mut mine = Mine::default();");
            it.line("std::thread::scope(|threads| {");
            it.line("    threads.spawn(|| runtime.block_on(pending::<()>()));");
            it.depth += 1;
            for orders in &it.program.rounds {
                it.line("next_round();");
                let outside = orders.iter().filter(|order| order.who.is_none());
                for step in outside.flat_map(|order| &order.steps) {
                    it.step(None, step);
                }
            }
            it.depth -= 1;
            it.line("    let _ = &mut mine;");
            it.line("});");
        });
    }

    fn tokens(&mut self) {
        if !self.is_shim() {
            return;
        }
        self.line("let token_0 = CancellationToken::new();");
        for (at, parent) in self.program.tokens.iter().enumerate() {
            self.line(&format!("let token_{} = token_{parent}.child_token();", at + 1));
        }
    }

    fn clone_tokens(&mut self) {
        if self.is_shim() {
            for token in 0..=self.program.tokens.len() {
                self.line(&format!("let token_{token} = token_{token}.clone();"));
            }
        }
    }

    // === tasks ===

    fn spawn(&mut self, actor: Actor, with: Option<ThingId>) {
        let plan = &self.program.actors[actor];
        let blocking = plan.kind == ActorKind::Blocking;
        self.within("{", "}", |it| {
            it.clone_tokens();
            if let Some(thing) = with {
                it.line(&format!("let carried = mine.take({thing});"));
            }
            if plan.keep == Keep::Set {
                it.line("#[expect(unused_mut)]");
                it.line(&format!("let builder = set.build_task().name(\"t{actor}\");"));
            } else {
                it.line(&format!("let builder = rt::task::Builder::new().name(\"t{actor}\");"));
            }
            it.options(actor);
            if blocking {
                it.within("let handle = builder.spawn_blocking(move || {", "}).unwrap();", |it| {
                    it.hands(with);
                    it.rounds(actor, true);
                });
            } else {
                let (begin, end) = if plan.tracked {
                    ("builder.spawn(TRACKER.track_future(async move {", "})).unwrap();")
                } else {
                    ("builder.spawn(async move {", "}).unwrap();")
                };
                it.within(&format!("let handle = {begin}"), end, |it| {
                    it.life(actor, with);
                });
            }
            match plan.keep {
                Keep::Outside => it.line(&format!("keep_outside({actor}, handle);")),
                Keep::Spawner => it.line(&format!("handles.push(({actor}, handle));")),
                Keep::Nobody | Keep::Set => it.line("drop(handle);"),
            }
        });
    }

    /// What a task has, with what was moved into its future.
    fn hands(&mut self, with: Option<ThingId>) {
        self.line("let mut mine = Mine::default();");
        if let Some(thing) = with {
            self.line(&format!("mine.0.extend(carried.map(|it| ({thing}, it)));"));
        }
        self.line("let mut handles: Vec<(usize, rt::task::JoinHandle<()>)> = Vec::new();");
        self.line("let mut set = rt::task::JoinSet::<()>::new();");
        self.line("let _ = (&mut mine, &mut handles, &mut set);");
    }

    fn options(&mut self, actor: Actor) {
        let plan = &self.program.actors[actor];
        if let Some(bond) = plan.bond.filter(|bond| bond.bound) {
            self.line(&format!("let builder = builder.token(&token_{});", bond.token));
        }
        if plan.detached {
            self.line("let builder = builder.detached(\"on purpose\");");
        }
        if plan.patient {
            self.line("let builder = builder.grace(FAR);");
        }
    }

    fn life(&mut self, actor: Actor, with: Option<ThingId>) {
        self.hands(with);
        self.on_drop(actor);
        let plan = &self.program.actors[actor];
        match plan.bond {
            Some(bond) if bond.returns => {
                self.within("let life = async {", "};", |it| it.rounds(actor, false));
                self.within("tokio::select! {", "}", |it| {
                    it.line("biased;");
                    it.within(&format!("() = token_{}.cancelled() => {{", bond.token), "}", |it| {
                        it.on_notice(actor);
                    });
                    it.line("() = life => {}");
                });
            }
            Some(bond) if !bond.bound => {
                let token = bond.token;
                self.line(&format!("let waits = Box::pin(token_{token}.cancelled());"));
                self.line("let mut waits = waits;");
                self.line("poll_once(waits.as_mut());");
                self.rounds(actor, false);
            }
            _ => self.rounds(actor, false),
        }
    }

    fn on_notice(&mut self, actor: Actor) {
        for step in &self.program.actors[actor].on_notice {
            // What it has is borrowed by its life.
            self.line("let mut mine = Mine::default();");
            self.step(Some(actor), step);
        }
    }

    fn on_drop(&mut self, actor: Actor) {
        let steps = &self.program.actors[actor].on_drop;
        if steps.is_empty() {
            return;
        }
        self.line("let _on_drop = {");
        self.depth += 1;
        self.clone_tokens();
        self.within("OnDrop(move || {", "})", |it| {
            it.line("let mut mine = Mine::default();");
            for step in steps {
                it.step(Some(actor), step);
            }
            it.line("let _ = &mut mine;");
        });
        self.depth -= 1;
        self.line("};");
    }

    /// What it does in each round, and then it waits.
    fn rounds(&mut self, actor: Actor, blocking: bool) {
        for (number, orders) in self.program.rounds.iter().enumerate() {
            let mine: Vec<_> = orders.iter().filter(|it| it.who == Some(actor)).collect();
            if mine.is_empty() {
                continue;
            }
            let number = number + 1;
            self.line(&if blocking {
                format!("while ROUND.load(SeqCst) < {number} {{ std::thread::sleep(SOON); }}")
            } else {
                format!("round({number}).await;")
            });
            for step in mine.into_iter().flat_map(|order| &order.steps) {
                self.step(Some(actor), step);
            }
        }
        self.line(if blocking { "std::thread::sleep(FAR);" } else { "pending::<()>().await;" });
        self.line("let _ = &mut mine;");
    }

    // === steps ===

    fn step(&mut self, me: Option<Actor>, step: &Step) {
        match step {
            Step::Take(thing, kind, escape) => self.take(*thing, *kind, *escape),
            Step::Put(thing, escape) => self.put(*thing, *escape),
            Step::Fetch(thing) => self.line(&format!("mine.fetch({thing});")),
            Step::Use(thing) => self.use_it(*thing),
            Step::Transfer(thing) => self.transfer(*thing, None),
            Step::Park(thing) => self.park(*thing),
            Step::TransferTo(thing, to) => self.transfer(*thing, Some(*to)),
            Step::Split(thing, part) => self.line(&format!(
                "if let Some(half) = mine.get::<rt::sync::OwnedSemaphorePermit>({thing})\
                 .and_then(|it| it.split(1)) {{ mine.add({part}, half); }}"
            )),
            Step::Wait(wait, on) => self.wait(*wait, *on),
            Step::GiveUp(wait) => self.line(&format!("drop(mine.take({wait}));")),
            Step::Reserve(of, _, place) => self.line(&format!(
                "if let Some(Ok(it)) = mine.get::<rt::sync::mpsc::Sender<u8>>({of})\
                 .map(|it| it.clone().try_reserve_owned()) {{ mine.add({place}, it); }}"
            )),
            Step::Clone(of, thing) => self.join(*of, *thing, "clone"),
            Step::Subscribe(of, thing) => self.join(*of, *thing, "subscribe"),
            Step::Close(thing) => {
                if let Some((of, _)) = self.kind_of(*thing).and_then(usage) {
                    self.line(&format!(
                        "if let Some(it) = mine.get::<{of}>({thing}) {{ it.close(); }}"
                    ));
                }
            }
            Step::Downgrade(thing) => self.line(&format!(
                "if let Some(Ok(it)) = mine.take({thing})\
                 .map(|it| it.downcast::<rt::sync::OwnedRwLockWriteGuard<u8>>()) \
                 {{ mine.add({thing}, it.downgrade()); }}"
            )),
            Step::Release(thing) => {
                self.line(&format!("drop(mine.take({thing}).or_else(|| brought({thing})));"));
            }
            Step::AddPermits(permits) => self.line(&format!("PERMITS.add_permits({permits});")),
            Step::Look => {
                let bond = me.and_then(|me| self.program.actors[me].bond);
                if let Some(bond) = bond {
                    self.line(&format!("let _ = token_{}.is_cancelled();", bond.token));
                }
            }
            Step::DropGuard(token) => {
                self.line(&format!("drop(token_{token}.clone().drop_guard());"));
            }
            Step::Cancel(token) => self.line(&format!("token_{token}.cancel();")),
            step => self.step_on_tasks(me, step),
        }
    }

    fn step_on_tasks(&mut self, me: Option<Actor>, step: &Step) {
        let me_number = me.unwrap_or(usize::MAX);
        match step {
            Step::Spawn { actor, with, aborted } => {
                self.spawn(*actor, *with);
                if *aborted {
                    self.step_on_tasks(me, &Step::Abort(*actor));
                }
            }
            Step::Abort(actor) if self.is_mine(me, *actor) => self.line(&format!(
                "for (_, handle) in handles.iter().filter(|it| it.0 == {actor}) {{ handle.abort(); }}"
            )),
            Step::Abort(actor) => {
                self.line(&format!("with_handle({actor}, |handle| handle.abort());"));
            }
            Step::AbortedWhileRunning(steps) => {
                self.line(&format!("abort_from_outside({me_number});"));
                for step in steps {
                    self.step(me, step);
                }
                self.line("pending::<()>().await;");
            }
            Step::AbortedAndReady => {
                self.line(&format!("abort_from_outside({me_number});"));
                self.line("return;");
            }
            Step::AbortSet => self.line("set.abort_all();"),
            Step::DropSet => self.line("set = rt::task::JoinSet::new();"),
            Step::OnDone(actor, _) if self.is_mine(me, *actor) => self.line(&format!(
                "for (_, handle) in handles.iter().filter(|it| it.0 == {actor}) \
                 {{ handle.on_done(|_| ()); }}"
            )),
            Step::OnDone(actor, _) => {
                self.line(&format!("with_handle({actor}, |handle| handle.on_done(|_| ()));"));
            }
            Step::Scope(scope, steps, end) => self.scope(*scope, steps, *end),
            Step::Yield => self.line("tokio::task::yield_now().await;"),
            Step::End => self.line("return;"),
            Step::Panic => self.line("panic!(\"on purpose\");"),
            _ => {}
        }
    }

    fn is_mine(&self, me: Option<Actor>, actor: Actor) -> bool {
        me.is_some() && self.program.actors[actor].keep == Keep::Spawner
    }

    fn scope(&mut self, scope: Actor, steps: &[Step], end: ScopeEnd) {
        let name = if self.is_shim() { format!(".scope(\"t{scope}\")") } else { String::new() };
        let stays = end == ScopeEnd::Stays;
        let begin = if stays { "let scope = async {" } else { "let body = async {" };
        self.within(begin, "};", |it| {
            if stays || it.program.actors[scope].owns {
                it.line("let mut mine = Mine::default();");
            }
            it.on_drop(scope);
            for step in steps {
                it.step(Some(scope), step);
            }
            if !matches!(end, ScopeEnd::Completes | ScopeEnd::InTime) {
                it.line("pending::<()>().await;");
            }
            it.line("let _ = &mut mine;");
        });
        let until = |body: &str| {
            let bond = self.program.actors[scope].bond;
            bond.map(|it| format!("token_{}.clone().run_until_cancelled_owned({body})", it.token))
        };
        let whole = |body: &str| until(body).unwrap_or_else(|| format!("{body}{name}"));
        match end {
            ScopeEnd::Completes | ScopeEnd::Until => {
                let whole = whole("body");
                self.line(&format!("let _ = {whole}.await;"));
            }
            ScopeEnd::Loses => self.line(&format!(
                "tokio::select! {{ biased; () = body{name} => {{}}, () = async {{}} => {{}} }}"
            )),
            ScopeEnd::TimesOut => self.line("let _ = rt::time::timeout(SOON, body).await;"),
            ScopeEnd::InTime => self.line("let _ = rt::time::timeout(FAR, body).await;"),
            ScopeEnd::Stays => {
                let whole = whole("scope");
                self.line(&format!("let mut scope = Box::pin({whole});"));
                self.line("poll_once(scope.as_mut());");
            }
        }
    }
}
