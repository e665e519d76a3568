//! The report as one page.
use super::Report;
impl Report {
    /// page
    pub fn html(&self) -> String {
        String::new()
    }
}
