//! The log, to be read by a test. One per process, and each test has a process.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::EnvFilter;

#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Begins to capture what passes `filter`.
    pub fn start(filter: &str) -> Self {
        let captured = Self::default();
        let writer = captured.clone();
        let lines = tracing_subscriber::fmt().json().flatten_event(true);
        lines.with_env_filter(EnvFilter::new(filter)).with_writer(move || writer.clone()).init();
        captured
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }

    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
