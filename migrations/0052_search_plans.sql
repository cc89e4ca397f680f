-- Searches are short: to compile their expressions takes longer than to compute them, and somebody waits.
alter function console.find_media(jsonb, text, jsonb, jsonb, integer) set jit = off;
alter function console.media_meant(jsonb, integer) set jit = off;
alter function console.nearest_media(jsonb, bigint[], bigint[], integer, double precision) set jit = off;
alter function console.media_facet(jsonb, text, integer) set jit = off;
alter function console.media_days(jsonb) set jit = off;
alter function console.people_meant(jsonb, integer) set jit = off;
