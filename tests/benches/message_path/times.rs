//! Durations, their summaries, and the table of all results.

use std::time::Duration;

/// Durations of many repetitions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(pub(crate) Vec<Duration>);

impl Times {
    /// The quantile of the durations; zero of none.
    pub(crate) fn quantile(&mut self, part: f64) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        // The nearest rank of a list that fits into memory.
        let index = (last as f64 * part).round() as usize;
        self.0.get(index).copied().unwrap_or_default()
    }

    /// `p50 0.61 ms, p99 2.1 ms`
    pub(crate) fn tell(&mut self) -> String {
        format!("p50 {}, p99 {}", millis(self.quantile(0.5)), millis(self.quantile(0.99)))
    }
}

/// `0.61 ms`
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

/// `4,990/s`
pub(crate) fn rate(amount: usize, took: Duration) -> String {
    let per_second = (amount as f64 / took.as_secs_f64()).round() as u64;
    let digits = per_second.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{}/s", groups.join(","))
}

/// Lines by name, a column for each process.
pub(crate) struct Table {
    columns: Vec<(String, Vec<(String, String)>)>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self { columns: Vec::new() }
    }

    /// Begins the next column.
    pub(crate) fn begin(&mut self, subject: &str) {
        println!("\n{subject}");
        self.columns.push((subject.to_owned(), Vec::new()));
    }

    /// Sets a cell of the newest column and prints it at once.
    pub(crate) fn add(&mut self, line: &str, cell: String) {
        println!("  {line:42} {cell}");
        if let Some((_, cells)) = self.columns.last_mut() {
            cells.push((line.to_owned(), cell));
        }
    }

    /// The whole table as Markdown.
    pub(crate) fn print(&self) {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        println!("\n| work | {} |\n| --- |{}", names.join(" | "), " --- |".repeat(names.len()));
        let lines = self.columns.first().map(|(_, cells)| cells.as_slice()).unwrap_or_default();
        for (index, (line, _)) in lines.iter().enumerate() {
            let cells: Vec<&str> =
                self.columns.iter().filter_map(|(_, cells)| Some(cells.get(index)?.1.as_str())).collect();
            println!("| {line} | {} |", cells.join(" | "));
        }
    }
}
