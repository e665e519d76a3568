//! Content that goes with v1's resources: uploads to a storage beside the service, zip files, downloads.

mod datasets;
mod places;
mod servers;
mod zips;
