//! Comparing two documents by meaning.

mod graph;
mod operations;
mod security;
mod shapes;
mod unions;

use std::borrow::Cow;

pub(crate) use graph::{Finding, Graph, Origin, Spot, Step, Subject};
pub(crate) use operations::Pair;

use crate::check::Problem;
use crate::document::{Document, SpecVersion};
use crate::model::{Api, Schemas};
use crate::report::{Report, build};
use crate::swagger;

/// Why two documents could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// A document does not hold together: what it means cannot be told.
    #[error("{name} does not hold together: {}", listed(.problems))]
    Broken {
        /// The document's name.
        name: String,
        /// What is wrong with it, ordered by place.
        problems: Vec<Problem>,
    },
    /// A document of moderate size that would take without measure to compare.
    #[error(transparent)]
    TooComplex(#[from] TooComplex),
    /// A document of Swagger 2.0 that cannot be read as one of OpenAPI 3.0.
    #[error("{name} cannot be read as OpenAPI 3.0: {reason}")]
    Swagger {
        /// The document's name.
        name: String,
        /// What stands in the way, and what to do.
        reason: String,
    },
}

/// A document whose schemas combine in too many ways, or that differs from the other in too many.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is too complex to compare: {why}")]
pub struct TooComplex {
    name: String,
    why: &'static str,
}

impl TooComplex {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), why: "its schemas combine in too many ways; flatten its allOf and unions" }
    }

    /// More differences than anybody reads.
    pub(crate) fn differing(name: &str) -> Self {
        Self { name: name.to_owned(), why: "it differs in more than 100,000 ways; compare documents that are closer" }
    }
}

fn listed(problems: &[Problem]) -> String {
    let mut shown: Vec<_> = problems.iter().take(10).map(Problem::to_string).collect();
    if problems.len() > shown.len() {
        shown.push(format!("and {} more", problems.len() - shown.len()));
    }
    shown.join("\n  ")
}

/// Compares two documents and reports every difference in what they mean.
///
/// Inline or by reference, named this way or that, in this order or that, described or not: these are
/// ways of writing, and no differences. Both documents may follow any version of the specification that
/// [`Document`] loads.
///
/// # Errors
///
/// [`CompareError::Broken`] when a reference leads nowhere or a part is not what the specification wants
/// there; [`CompareError::TooComplex`] when comparing would take without measure.
pub fn compare(old: &Document, new: &Document) -> Result<Report, CompareError> {
    let (old, new) = (&*as_openapi_3(old)?, &*as_openapi_3(new)?);
    let mut graph = Graph::new(Schemas::new(old)?, Schemas::new(new)?);
    let (old_api, new_api) = (Api::read(old)?, Api::read(new)?);
    let pairs = operations::compare(&mut graph, &old_api, &new_api)?;
    graph.run()?;
    Ok(build(&mut graph, &pairs, [old, new])?)
}

/// The document, if it holds together, in the form of OpenAPI 3.
fn as_openapi_3(document: &Document) -> Result<Cow<'_, Document>, CompareError> {
    holds_together(document)?;
    if *document.version() != SpecVersion::Swagger2 {
        return Ok(Cow::Borrowed(document));
    }
    let converted = swagger::to_openapi_3(document)
        .map_err(|reason| CompareError::Swagger { name: document.name().to_owned(), reason })?;
    holds_together(&converted)?;
    Ok(Cow::Owned(converted))
}

/// Fails for what leaves open what is meant; what only misuses names does no harm here.
fn holds_together(document: &Document) -> Result<(), CompareError> {
    let Err(mut problems) = document.check() else { return Ok(()) };
    problems.retain(|problem| {
        matches!(
            problem,
            Problem::Reference { .. }
                | Problem::ReferenceCycle { .. }
                | Problem::Misshapen { .. }
                | Problem::PathTemplate { .. }
        )
    });
    if problems.is_empty() {
        return Ok(());
    }
    Err(CompareError::Broken { name: document.name().to_owned(), problems })
}
