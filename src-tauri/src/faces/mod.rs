//! Who is on the photo: the queue of suggested faces, candidates, verdicts.
