//! What the sample posts are about, and the words that the AI finds for them.

/// A kind of occasion; `drawing::scenes` has a picture for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Theme {
    Beach,
    Mountains,
    Park,
    Office,
    CityNight,
    Party,
    Cafe,
    Snow,
    Concert,
    Sunset,
}

/// What is said about a theme.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) theme: Theme,
    pub(crate) titles: [&'static str; 4],
    pub(crate) bodies: [&'static str; 2],
    pub(crate) place: &'static str,
    pub(crate) doing: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) tags: [&'static str; 7],
    pub(crate) scenes: [&'static str; 3],
}

pub(crate) const WORDS: [Words; 10] = [
    Words {
        theme: Theme::Beach,
        titles: ["A day at the beach", "Salt and sunscreen", "Team outing to the coast", "Low tide, high spirits"],
        bodies: ["Nobody wanted to leave.", "The water was colder than it looks."],
        place: "on a sunny beach",
        doing: "standing by the sea",
        empty: "a sunny beach with a parasol and gentle waves",
        tags: ["beach", "sea", "sand", "summer", "parasol", "palm tree", "sunshine"],
        scenes: ["outdoor", "seaside", "daytime"],
    },
    Words {
        theme: Theme::Mountains,
        titles: ["Above the clouds", "Summit before lunch", "Hiking weekend", "The long way up"],
        bodies: ["Twelve kilometres, one blister, worth it.", "We could see three valleys from the top."],
        place: "in front of snowy peaks",
        doing: "hiking in the mountains",
        empty: "snowy mountains above a lake and pine trees",
        tags: ["mountain", "hiking", "lake", "pine tree", "nature", "peak", "adventure"],
        scenes: ["outdoor", "mountain", "daytime"],
    },
    Words {
        theme: Theme::Park,
        titles: ["Picnic in the park", "Spring at last", "Lunch break, outdoors", "Sunday in the green"],
        bodies: ["Somebody brought three cakes.", "The ducks were interested in our sandwiches."],
        place: "in a green park",
        doing: "enjoying the park",
        empty: "a green park with trees, flowers and a path",
        tags: ["park", "tree", "grass", "flowers", "picnic", "spring", "bench"],
        scenes: ["outdoor", "park", "daytime"],
    },
    Words {
        theme: Theme::Office,
        titles: ["Workshop, day two", "New office, same plants", "Quarterly planning", "Whiteboard full, brains too"],
        bodies: ["Thank you all for a great session.", "The roadmap fits on one board now."],
        place: "in a bright office",
        doing: "having a meeting",
        empty: "a bright office with desks and a view of the city",
        tags: ["office", "meeting", "desk", "whiteboard", "team", "laptop", "plant"],
        scenes: ["indoor", "office", "workplace"],
    },
    Words {
        theme: Theme::CityNight,
        titles: ["City lights", "Out late", "Downtown after dark", "Neon evening"],
        bodies: ["Found the best noodles in town.", "We walked until the lights went out."],
        place: "in front of the city lights",
        doing: "out in the city at night",
        empty: "the skyline of a city at night with lit windows",
        tags: ["city", "night", "skyline", "lights", "street", "building", "moon"],
        scenes: ["outdoor", "city", "night"],
    },
    Words {
        theme: Theme::Party,
        titles: ["Happy birthday!", "Summer party", "Ten years of us", "Cake and confetti"],
        bodies: ["Still finding confetti everywhere.", "The dance floor was never empty."],
        place: "under balloons and bunting",
        doing: "celebrating at a party",
        empty: "a room with balloons, bunting and a birthday cake",
        tags: ["party", "balloon", "confetti", "birthday", "celebration", "cake", "friends"],
        scenes: ["indoor", "party", "evening"],
    },
    Words {
        theme: Theme::Cafe,
        titles: ["Coffee and catching up", "Our usual table", "Rainy day café", "Best flat white so far"],
        bodies: ["Order the cinnamon rolls.", "Two hours felt like ten minutes."],
        place: "in a cosy café",
        doing: "drinking coffee",
        empty: "a cosy café with shelves, lamps and a counter",
        tags: ["café", "coffee", "cup", "lamp", "shelf", "cake", "table"],
        scenes: ["indoor", "café", "daytime"],
    },
    Words {
        theme: Theme::Snow,
        titles: ["First snow", "Ski trip", "Winter walk", "Minus ten and smiling"],
        bodies: ["Hot chocolate afterwards, of course.", "The forest was completely silent."],
        place: "in a snowy forest",
        doing: "out in the snow",
        empty: "a snowy forest with a wooden cabin",
        tags: ["snow", "winter", "forest", "cabin", "cold", "fir tree", "snowfall"],
        scenes: ["outdoor", "forest", "winter"],
    },
    Words {
        theme: Theme::Concert,
        titles: ["Front row", "Live tonight", "Festival, night one", "The encore"],
        bodies: ["My ears are still ringing.", "They played every song we hoped for."],
        place: "in front of a stage",
        doing: "at a concert",
        empty: "a stage with spotlights above a crowd",
        tags: ["concert", "stage", "spotlight", "crowd", "music", "festival", "night"],
        scenes: ["indoor", "concert", "night"],
    },
    Words {
        theme: Theme::Sunset,
        titles: ["Golden hour", "Evening by the lake", "Last light", "The sky put on a show"],
        bodies: ["No filter needed.", "We stayed until the stars came out."],
        place: "at sunset by a lake",
        doing: "watching the sunset",
        empty: "a lake at sunset with a sailing boat",
        tags: ["sunset", "lake", "boat", "sky", "evening", "reflection", "golden hour"],
        scenes: ["outdoor", "lakeside", "evening"],
    },
];

pub(crate) const COMMON_TAGS: [&str; 6] = ["people", "portrait", "smile", "group", "friends", "colleagues"];
pub(crate) const UNSAFE_TAGS: [&str; 4] = ["violence", "blood", "disturbing", "graphic"];

impl Theme {
    pub(crate) fn words(self) -> &'static Words {
        // Every theme has an entry; the first stands in for one that were forgotten.
        WORDS.iter().find(|words| words.theme == self).unwrap_or(&WORDS[0])
    }

    /// Whether the picture is taken outdoors, where people are also seen from far away.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Self::Beach | Self::Mountains | Self::Park | Self::Snow | Self::Sunset)
    }
}
