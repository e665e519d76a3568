//! openapi-compare
