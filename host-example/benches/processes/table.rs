//! The table.

/// All of it, in Markdown.
pub fn markdown(cosigns: &[String; 2], lines: &[Line]) -> String {
    let [cosign2, cosign3] = cosigns;
    let head = ["", "Cosignet", "native Rust", cosign2, cosign3, "to reach"];
    let mut rows = vec![row(&head), row(&["---"; 6])];
    rows.extend(lines.iter().map(|line| row(&line.cells())));
    rows.concat()
}

/// One line of it.
pub struct Line {
    what: String,
    cosignet: String,
    native: String,
    cosigns: [String; 2],
    goal: Option<Goal>,
}

/// What a figure is to reach, and whether it does.
pub struct Goal(String);

impl Line {
    /// A figure of ours.
    pub fn new(what: &str, cosignet: String) -> Self {
        Self {
            what: what.to_owned(),
            cosignet,
            native: String::new(),
            cosigns: Default::default(),
            goal: None,
        }
    }

    /// Beside it, the same code without a sandbox.
    pub fn native(self, native: String) -> Self {
        Self { native, ..self }
    }

    /// Beside it, the two cosigns.
    pub fn cosigns(self, cosigns: [String; 2]) -> Self {
        Self { cosigns, ..self }
    }

    /// What it is to reach.
    pub fn goal(self, goal: Goal) -> Self {
        let goal = Some(goal);
        Self { goal, ..self }
    }

    fn cells(&self) -> [&str; 6] {
        let goal = self.goal.as_ref().map_or("", |goal| goal.0.as_str());
        let [cosign2, cosign3] = &self.cosigns;
        [
            &self.what,
            &self.cosignet,
            &self.native,
            cosign2,
            cosign3,
            goal,
        ]
    }
}

impl Goal {
    /// At most so many times what something else takes.
    pub fn times(most: f64, ours: f64, theirs: f64, whose: &str) -> Self {
        let ratio = ours / theirs;
        Self::new(
            format!("at most {most} × {whose}: {ratio:.2}"),
            ratio <= most,
        )
    }

    /// At most a fixed number.
    pub fn at_most(limit: &str, met: bool) -> Self {
        Self::new(format!("at most {limit}"), met)
    }

    /// So many MiB below what something else takes.
    pub fn below(least: f64, ours: f64, theirs: f64, whose: &str) -> Self {
        let less = theirs - ours;
        Self::new(
            format!("{least} MiB below {whose}: {less:.0}"),
            less >= least,
        )
    }

    fn new(words: String, met: bool) -> Self {
        let verdict = if met { "met" } else { "**missed**" };
        Self(format!("{words}, {verdict}"))
    }
}

fn row(cells: &[&str; 6]) -> String {
    format!("| {} |\n", cells.join(" | "))
}
