//! Bytes of pictures: fetch, guard, decode, orient, scale, blur, cache.
