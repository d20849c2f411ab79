//! One page that needs nothing beside it: what is known now, and how it came about.

use cosignet_host::store::{
    CurrentSignature, Event, Outcome, Overview, Recorded, Run, SignatureFacts, Status,
};

use super::page::Page;
use super::{Presented, words};

/// All of it.
pub fn written(presented: &Presented<'_>) -> String {
    let subject = presented.subject;
    // What was recorded tells more than a name does.
    let last = presented.history.last();
    let artifact = last.map_or(&subject.artifact, |last| &last.event.artifact);
    let name = words::name(artifact);
    let mut page = Page::new(&format!("{name} – Cosignet"), include_str!("style.css"));
    page.raw("<main>\n<header>\n<p class=\"kind\">")
        .text(artifact.kind.name());
    page.raw("</p>\n<h1>").text(&name);
    page.raw("</h1>\n<p class=\"digest\"><code>")
        .text(&subject.digest);
    page.raw("</code></p>\n</header>\n");
    if let Some(overview) = presented.overview {
        page.overview(overview);
    }
    page.history(presented.history);
    page.raw(
        "<footer>\n<p>Written by Cosignet from its store, which proves nothing by itself: \
         <code>cosignet verify</code> judges the signatures, and <code>cosignet custody verify</code> \
         the chain.</p>\n</footer>\n</main>\n",
    );
    page.finish()
}

impl Page {
    fn overview(&mut self, overview: &Overview) {
        let mut signatures = overview.signatures.iter();
        let newest = signatures.next();
        self.raw("<section aria-labelledby=\"overview\">\n<h2 id=\"overview\">Overview</h2>\n");
        self.raw("<div class=\"cards\">\n<article class=\"card\">\n<h3>Signature ");
        match newest {
            None => self
                .raw("<span class=\"badge none\">None</span></h3>\n")
                .raw("<p class=\"muted\">No signature is recorded.</p>\n"),
            Some(newest) => {
                self.raw("<span class=\"badge good\">✓ ")
                    .text(words::outcome(&newest.made.event))
                    .raw("</span></h3>\n");
                self.signature(newest)
            }
        };
        self.raw("</article>\n<article class=\"card\">\n<h3>Verification ");
        let verification = &overview.verification;
        match verification.status {
            Status::Passed => self.raw("<span class=\"badge good\">✓ "),
            Status::Failed => self.raw("<span class=\"badge bad\">✗ "),
            Status::NotVerified => self.raw("<span class=\"badge none\">– "),
        };
        self.text(verification.status.words()).raw("</span></h3>\n");
        if let Some(reason) = &verification.reason {
            self.raw(match verification.status {
                Status::NotVerified => "<p class=\"reason none\">",
                Status::Passed | Status::Failed => "<p class=\"reason\">",
            });
            self.text(reason).raw("</p>\n");
        }
        match &verification.last {
            None => self.raw("<p class=\"muted\">Nobody has verified it yet.</p>\n"),
            Some(last) => self.verification(last),
        };
        self.raw("</article>\n</div>\n");
        let others: Vec<&CurrentSignature> = signatures.collect();
        if !others.is_empty() {
            self.raw("<h3 class=\"others\">Also signed</h3>\n<div class=\"cards\">\n");
            for other in others {
                self.raw("<article class=\"card\">\n<h4>")
                    .text(words::action(other.made.event.action))
                    .raw("</h4>\n");
                self.signature(other).raw("</article>\n");
            }
            self.raw("</div>\n");
        }
        self.raw("</section>\n");
    }

    fn signature(&mut self, current: &CurrentSignature) -> &mut Self {
        let CurrentSignature { facts, made } = current;
        self.raw("<dl>\n");
        self.signer(facts);
        self.term("Form")
            .text(words::format(facts.format))
            .raw("</dd>\n");
        self.claim(facts);
        self.term("Attached");
        match &facts.attached {
            None => self.text("no, it is in the store"),
            Some(place) => self.raw("<code>").text(place).raw("</code>"),
        };
        self.raw("</dd>\n");
        self.log(facts);
        self.when(made);
        self.run(made.event.run.as_ref());
        self.raw("</dl>\n")
    }

    fn verification(&mut self, last: &Recorded) -> &mut Self {
        self.raw("<dl>\n");
        for facts in &last.event.signatures {
            self.signer(facts);
            self.claim(facts);
            self.log(facts);
        }
        self.found(&last.event);
        self.when(last);
        self.run(last.event.run.as_ref());
        self.raw("</dl>\n")
    }

    fn history(&mut self, history: &[Recorded]) {
        self.raw(
            "<section aria-labelledby=\"custody\">\n<h2 id=\"custody\">Chain of custody</h2>\n",
        );
        if history.is_empty() {
            self.raw("<p class=\"muted\">Nothing is recorded.</p>\n");
        }
        self.raw("<ol class=\"chain\">\n");
        for recorded in history {
            self.event(recorded);
        }
        self.raw("</ol>\n</section>\n");
    }

    fn event(&mut self, recorded: &Recorded) {
        let event = &recorded.event;
        self.raw(match event.outcome {
            Outcome::Passed => "<li class=\"good\">\n<article>\n<h3>",
            Outcome::Failed => "<li class=\"bad\">\n<article>\n<h3>",
        });
        self.text(words::action(event.action));
        self.raw(match event.outcome {
            Outcome::Passed => " <span class=\"badge good\">✓ ",
            Outcome::Failed => " <span class=\"badge bad\">✗ ",
        });
        self.text(words::outcome(event))
            .raw("</span></h3>\n<p class=\"when\">Event ");
        self.text(&recorded.number.to_string()).raw(" · ");
        self.clock(event.time).raw("</p>\n");
        if let Some(reason) = &event.reason {
            self.raw("<p class=\"reason\">").text(reason).raw("</p>\n");
        }
        self.raw("<dl>\n");
        for facts in &event.signatures {
            self.signer(facts);
            self.claim(facts);
            if let Some(place) = &facts.attached {
                self.term("Attached")
                    .raw("<code>")
                    .text(place)
                    .raw("</code></dd>\n");
            }
            self.log(facts);
        }
        self.found(event);
        self.run(event.run.as_ref());
        self.term("Hash")
            .raw("<code>")
            .text(&recorded.hash.to_string());
        self.raw("</code></dd>\n</dl>\n</article>\n</li>\n");
    }

    fn term(&mut self, term: &'static str) -> &mut Self {
        self.raw("<dt>").raw(term).raw("</dt><dd>")
    }

    fn signer(&mut self, facts: &SignatureFacts) {
        self.term("Signed by");
        if let Some(reference) = &facts.key_reference {
            self.raw("<strong>").text(reference).raw("</strong> ");
        }
        self.raw("<code title=\"SHA-256 of the public key\">");
        self.text(&facts.key_fingerprint).raw("</code></dd>\n");
    }

    fn claim(&mut self, facts: &SignatureFacts) {
        if let Some(claim) = &facts.claim {
            self.term(words::claim(facts.format))
                .raw("<code>")
                .text(claim)
                .raw("</code></dd>\n");
        }
    }

    fn log(&mut self, facts: &SignatureFacts) {
        if let Some(log) = &facts.log {
            self.term("Log entry");
            self.link(log.url.as_deref(), &words::entry(log))
                .raw("</dd>\n");
        }
    }

    fn found(&mut self, event: &Event) {
        if let Some(source) = event.source {
            self.term("Looked in")
                .text(words::source(source))
                .raw("</dd>\n");
        }
    }

    fn run(&mut self, run: Option<&Run>) {
        if let Some(run) = run {
            self.term("Run");
            self.link(run.url.as_deref(), words::run(run))
                .raw("</dd>\n");
        }
    }

    fn when(&mut self, recorded: &Recorded) {
        self.term("When");
        self.clock(recorded.event.time).raw(" · event ");
        self.text(&recorded.number.to_string()).raw("</dd>\n");
    }

    fn clock(&mut self, time: u64) -> &mut Self {
        let datetime = words::rfc3339(time);
        self.time(datetime.as_deref(), &words::time(time))
    }
}
