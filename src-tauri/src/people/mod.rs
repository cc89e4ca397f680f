//! Users of the platform: profile, enrolment, the photos they are on.
