-- By what is decided: a tree of policies that is data, every version of each kept; and what a decision says besides safe or not.

create table console.policy (
    id            bigint      generated always as identity primary key,
    code          text        not null check (code ~ '^[a-z][a-z_]{1,39}$'),
    version       integer     not null check (version > 0),
    -- The code of the policy that it is part of; null for those at the top.
    parent        text        check (parent <> code),
    -- Among its neighbours, and the key that chooses it.
    place         integer     not null check (place between 1 and 9),
    name          text        not null check (name <> ''),
    -- What falls under it, and what does not.
    covers        text        not null,
    excludes      text        not null,
    -- Suggested, 1 (slight) to 4 (grave).
    severity      smallint    not null check (severity between 1 and 4),
    is_retired    boolean     not null default false,
    -- Only those named for it see such media, and two of them decide.
    is_restricted boolean     not null generated always as (coalesce('child_safety' in (code, parent), false)) stored,
    written_by    text        not null default session_user,
    written_at    timestamptz not null default clock_timestamp(),
    unique (code, version)
);

comment on table console.policy is 'Append-only: each version of each policy; decisions refer to the version by which they were made';

create trigger append_only
    before update or delete or truncate on console.policy
    for each statement execute function console.refuse_change();

create view console.policy_version with (security_barrier) as
select p.id, p.code, p.version, p.parent, p.place, p.name, p.covers, p.excludes, p.severity, p.is_retired, p.is_restricted,
       p.version = max(p.version) over (partition by p.code) as is_newest
  from console.policy as p
 where (select console.operator_rank()) >= 1;

grant select on console.policy_version to kaleidoscope_staff;

-- The policy at the top of the tree under which a version stands.
create function console.policy_root(policy bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(p.parent, p.code) from console.policy as p where p.id = policy_root.policy;
end;

create function console.is_admin_operator() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return console.operator_rank() = 3 and console.is_operator();

create function console.require_judge() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if not console.is_admin_operator() then
        raise insufficient_privilege using message = 'deciding what may be shown needs the role of admin';
    end if;
end
$$;

-- Writes the next version of a policy, or the first; which one that is. Earlier decisions keep the text by which they were made.
create function console.revise_policy(
    code text, parent text, place integer, name text, covers text, excludes text, severity integer, is_retired boolean)
    returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     console.policy;
    written console.policy;
begin
    perform console.require_judge();
    perform pg_advisory_xact_lock(73, hashtext(revise_policy.code));
    select p.* into was from console.policy as p where p.code = revise_policy.code order by p.version desc limit 1;
    if revise_policy.parent is not null
       and not exists (select from console.policy as top where top.code = revise_policy.parent and top.parent is null) then
        raise check_violation using message = format('there is no policy %s at the top of the tree', quote_literal(revise_policy.parent));
    end if;
    -- Or what was decided as such would be open to everybody by the next version.
    if was.is_restricted is distinct from coalesce('child_safety' in (revise_policy.code, revise_policy.parent), false)
       and was.id is not null then
        raise check_violation using message = format('%s can''t be moved into or out of child safety', quote_literal(revise_policy.code));
    end if;
    insert into console.policy (code, version, parent, place, name, covers, excludes, severity, is_retired)
    values (revise_policy.code, coalesce(was.version, 0) + 1, revise_policy.parent, revise_policy.place, revise_policy.name,
            revise_policy.covers, revise_policy.excludes, revise_policy.severity, revise_policy.is_retired)
 returning * into written;
    perform console.append_audit(
        'safety.policy', 'policy', written.id,
        case when was.id is not null then to_jsonb(was) - array['id', 'written_by', 'written_at'] end,
        to_jsonb(written) - array['id', 'written_by', 'written_at']);
    return written.id;
end
$$;

insert into console.policy (code, version, parent, place, name, covers, excludes, severity)
values
('nudity', 1, null, 1, 'Nudity and sexual content',
 'Sexual acts, genitals or bare breasts shown sexually, and pictures made to arouse.',
 'Art, breastfeeding, medical and educational pictures, swimwear.', 2),
('nudity_explicit', 1, 'nudity', 1, 'Explicit sexual content',
 'Sexual acts, real or drawn, and close pictures of genitals.',
 'Medical and educational pictures that say what they are.', 3),
('nudity_bare', 1, 'nudity', 2, 'Nudity',
 'Bare genitals, buttocks or female breasts without a sexual act.',
 'Breastfeeding, birth, statues and paintings, protest.', 2),
('nudity_consent', 1, 'nudity', 3, 'Intimate picture without consent',
 'An intimate picture of a person who did not agree that it is shown, or a made-up one of a real person.',
 'Pictures that the person published themselves.', 4),
('violence', 1, null, 2, 'Violence and cruelty',
 'Injury, death or cruelty that is shown in detail, threatened or praised.',
 'News, history, sport, films and games without gore, hunting within the law.', 2),
('violence_graphic', 1, 'violence', 1, 'Graphic violence',
 'Open wounds, mutilation, dead bodies, executions.',
 'Medical pictures that say what they are; make-up that is plainly such.', 3),
('violence_threat', 1, 'violence', 2, 'Threat',
 'An announcement or demand of violence against a person, a group or a place.',
 'Figures of speech and quotations that nobody could take at their word.', 4),
('violence_animals', 1, 'violence', 3, 'Cruelty to animals',
 'Animals that are tortured, made to fight or killed for show.',
 'Farming, veterinary care and hunting within the law.', 3),
('violence_extremism', 1, 'violence', 4, 'Terrorism and violent extremism',
 'Propaganda, recruiting and praise of those who murder for a cause.',
 'Reports and remembrance that do not praise them.', 4),
('hate', 1, null, 3, 'Hate',
 'Attacks on people for origin, skin, religion, sex, gender, orientation, disability or illness.',
 'Criticism of ideas, institutions and states; symbols in education and history.', 3),
('hate_speech', 1, 'hate', 1, 'Dehumanising people',
 'Comparing people with animals, vermin or diseases; calls to exclude or expel them.',
 'Quotations that are named as such and objected to.', 3),
('hate_symbol', 1, 'hate', 2, 'Symbols of hate',
 'Flags, signs and gestures of organisations that stand for hatred, shown with approval.',
 'Museums, lessons, news, and religious use of a similar sign.', 2),
('hate_slur', 1, 'hate', 3, 'Slurs',
 'Words whose purpose is to degrade a protected group.',
 'A group''s own use of a word for itself.', 2),
('self_harm', 1, null, 4, 'Suicide and self-harm',
 'Self-injury, suicide or eating disorders that are shown, encouraged or explained.',
 'Talk of recovery, prevention and grief; healed scars.', 3),
('self_harm_shown', 1, 'self_harm', 1, 'Self-harm shown',
 'Fresh self-inflicted wounds, or somebody in the act.',
 'Healed scars that are shown in passing.', 3),
('self_harm_promoted', 1, 'self_harm', 2, 'Self-harm encouraged',
 'Praise, instructions or challenges to injure or starve oneself.',
 'Advice on where to find help.', 4),
('self_harm_intent', 1, 'self_harm', 3, 'Person in danger',
 'Signs that somebody is about to injure or kill themselves. Tell the person on duty for emergencies, too.',
 'Looking back on a time that is over.', 4),
('child_safety', 1, null, 5, 'Child safety',
 'Anything that sexualises, exploits or endangers a person under 18.',
 'Everyday family pictures. Where in doubt it is decided here, by those named for it.', 4),
('child_safety_abuse', 1, 'child_safety', 1, 'Sexual abuse of a child',
 'Sexual depiction of a minor, real, drawn or generated. Reported to the authorities that the law names.',
 'Nothing. Where the age is in doubt it falls under this policy until two people found otherwise.', 4),
('child_safety_exploitation', 1, 'child_safety', 2, 'Exploitation and grooming',
 'Minors in sexualised poses or clothing, offers and requests aimed at minors.',
 'Sport and swimming without sexual emphasis.', 4),
('child_safety_danger', 1, 'child_safety', 3, 'Child in danger',
 'Physical abuse, neglect, or a minor made to do something dangerous.',
 'Ordinary accidents and play.', 4),
('harassment', 1, null, 6, 'Harassment and bullying',
 'Pictures and words that degrade, shame or threaten a particular person.',
 'Satire of public figures in their office; disputes without degradation.', 2),
('harassment_targeted', 1, 'harassment', 1, 'Targeted degradation',
 'Edited or captioned pictures that ridicule a private person for body, conduct or misfortune.',
 'Jokes among people who are all plainly in on them.', 2),
('harassment_doxing', 1, 'harassment', 2, 'Private details',
 'Addresses, numbers, documents or whereabouts of a person shown against their will.',
 'What a business or office publishes of itself.', 3),
('harassment_impersonation', 1, 'harassment', 3, 'Impersonation',
 'A picture or account that pretends to be another person and deceives others.',
 'Parody that says so.', 2),
('spam', 1, null, 7, 'Spam and deception',
 'Mass advertising, fraud, false prizes and links that lead elsewhere than they say.',
 'An offer of one''s own, posted once where it belongs.', 1),
('spam_advertising', 1, 'spam', 1, 'Mass advertising',
 'The same offer posted many times or under photos of others.',
 'A shop''s own page.', 1),
('spam_fraud', 1, 'spam', 2, 'Fraud',
 'Requests for money or data under false pretences.',
 'Warnings about fraud that show an example.', 3),
('goods', 1, null, 8, 'Regulated goods',
 'Offers of drugs, weapons, medicines, wildlife or other goods whose sale is restricted.',
 'Lawful use that is shown without an offer.', 2),
('goods_drugs', 1, 'goods', 1, 'Drugs',
 'Offers, instructions and praise of unlawful drugs.',
 'Prescribed medicine, alcohol where it is lawful, prevention.', 2),
('goods_weapons', 1, 'goods', 2, 'Weapons',
 'Offers of firearms, ammunition and explosives, and how to make them.',
 'Sport, collections and service weapons without an offer.', 3),
('other', 1, null, 9, 'Other',
 'What may not be shown for a reason that no other policy names. Write it down.',
 'Whatever another policy names.', 1),
('other_rights', 1, 'other', 1, 'Rights of others',
 'A picture whose author or right holder has objected.',
 'Quotation and parody within the law.', 1),
('other_quality', 1, 'other', 2, 'Unreadable or broken',
 'A picture in which nothing can be made out, posted to get around a limit.',
 'Blur and darkness that are meant.', 1);

alter table console.safety_decision
    -- Null where it is neither: to be processed again, or a decision taken back.
    alter column safe drop not null,
    add column policy_id bigint   references console.policy,
    add column severity  smallint check (severity between 1 and 4),
    -- What one operator decided in one go has one number.
    add column act_id        bigint not null generated by default as identity,
    add column reverts       bigint unique references console.safety_decision,
    -- From which queue, and since when it waited there.
    add column source        text,
    add column waiting_since timestamptz,
    add column proposal_id   bigint,
    add column ruling text not null generated always as (
        case when reverts is not null then 'revert' when safe then 'safe' when not safe then 'unsafe' else 'again' end) stored,
    add constraint safety_decision_policy_check check (policy_id is null or safe is false);

create index safety_decision_act on console.safety_decision (act_id);
create index safety_decision_operator on console.safety_decision (decided_by, decided_at);
create index safety_decision_decided on console.safety_decision (decided_at);

comment on column console.safety_decision.policy_id is 'Null where it is safe, or was changed by plain SQL';

-- What else was done because of a decision, and what of it was taken back.
create table console.safety_consequence (
    id          bigint generated always as identity primary key,
    decision_id bigint not null references console.safety_decision,
    media_id    bigint not null,
    -- `archive` the post, `suspend` the uploader
    kind        text   not null check (kind in ('archive', 'suspend')),
    subject_id  bigint not null,
    -- `posts.status` or `users.account_status`
    before      text   not null,
    after       text   not null,
    undoes      bigint unique references console.safety_consequence,
    audit_id    bigint references console.audit_entry
);

comment on table console.safety_consequence is 'Append-only: posts archived and accounts suspended by decisions, and what was restored';

create index safety_consequence_decision on console.safety_consequence (decision_id);
create index safety_consequence_media on console.safety_consequence (media_id);
create index safety_consequence_subject on console.safety_consequence (kind, subject_id, id desc);

create trigger append_only
    before update or delete or truncate on console.safety_consequence
    for each statement execute function console.refuse_change();

-- The last word on a medium that nobody took back.
create function console.standing_decision(media bigint) returns setof console.safety_decision
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select d.*
      from console.safety_decision as d
     where d.media_id = standing_decision.media
       and d.reverts is null
       and not exists (select from console.safety_decision as back where back.reverts = d.id)
     order by d.id desc
     limit 1
$$;

-- Both words together: what the AI, or a decision, says of a medium.
create function console.words_agree(status text, is_safe boolean) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return case status when 'UNSAFE' then is_safe is false when 'COMPLETED' then is_safe is true when 'PROCESSING' then is_safe is null else false end;

-- False only within the console's own functions, which write decisions themselves. SET ROLE changes nothing about that.
create function console.is_direct() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return current_user = session_user
       or current_user <> pg_get_userbyid(
              (select c.relowner from pg_class as c where c.oid = 'console.safety_decision'::regclass));

revoke execute on function
    console.policy_root(bigint), console.require_judge(), console.is_admin_operator(), console.standing_decision(bigint),
    console.revise_policy(text, text, integer, text, text, text, integer, boolean)
    from public;
grant execute on function console.revise_policy(text, text, integer, text, text, text, integer, boolean) to kaleidoscope_admin;
