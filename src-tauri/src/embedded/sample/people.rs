//! Who is on the sample platform.

use crate::embedded::drawing::look::{
    Build::{self, Feminine as F, Masculine as M},
    Family::{self, African, EastAsian, European, Latin, MiddleEastern, Nordic, SouthAsian},
};

/// A user as they signed up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    pub(crate) username: &'static str,
    pub(crate) full_name: &'static str,
    pub(crate) family: Family,
    pub(crate) build: Build,
}

const fn user(username: &'static str, full_name: &'static str, family: Family, build: Build) -> Profile {
    Profile { username, full_name, family, build }
}

/// In the order of their ids, from 1. The first three are the sample operators.
pub(crate) const PROFILES: [Profile; 60] = [
    user("grace.mensah", "Grace Mensah", African, F),
    user("noor.haddad", "Noor Haddad", MiddleEastern, F),
    user("tomas.lindqvist", "Tomas Lindqvist", Nordic, M),
    user("amara.okafor", "Amara Okafor", African, F),
    user("kenji.tanaka", "田中 健司", EastAsian, M),
    user("olga.smirnova", "Ольга Смирнова", European, F),
    user("ravi.iyer", "Ravi Iyer", SouthAsian, M),
    user("lucia.fernandez", "Lucía Fernández", Latin, F),
    user("ahmed.mansour", "أحمد منصور", MiddleEastern, M),
    user("minjun.kim", "김민준", EastAsian, M),
    user("freya.nilsen", "Freya Nilsen", Nordic, F),
    user("chidi.eze", "Chidi Eze", African, M),
    user("priya.sharma", "प्रिया शर्मा", SouthAsian, F),
    user("mateo.rojas", "Mateo Rojas", Latin, M),
    user("eleni.papadaki", "Ελένη Παπαδάκη", European, F),
    user("wei.zhang", "张伟", EastAsian, M),
    user("hannah.weber", "Hannah Weber", European, F),
    user("yosef.levi", "יוסף לוי", MiddleEastern, M),
    user("zanele.dube", "Zanele Dube", African, F),
    user("somchai.wong", "สมชาย วงศ์", EastAsian, M),
    user("ines.carvalho", "Inês Carvalho", Latin, F),
    user("dmytro.bondar", "Дмитро Бондар", European, M),
    user("aiko.mori", "森 愛子", EastAsian, F),
    user("harpreet.gill", "ਹਰਪ੍ਰੀਤ ਗਿੱਲ", SouthAsian, M),
    user("saoirse.kelly", "Saoirse Kelly", Nordic, F),
    user("kwame.boateng", "Kwame Boateng", African, M),
    user("leyla.demir", "Leyla Demir", MiddleEastern, F),
    user("jan.novak", "Jan Novák", European, M),
    user("linh.nguyen", "Nguyễn Thùy Linh", EastAsian, F),
    user("diego.morales", "Diego Morales", Latin, M),
    user("ada.lindholm", "Ada Lindholm", Nordic, F),
    user("tariq.aziz", "طارق عزيز", MiddleEastern, M),
    user("ngozi.adeyemi", "Ngozi Adéyẹmí", African, F),
    user("giorgi.beridze", "გიორგი ბერიძე", European, M),
    user("meera.nair", "மீரா நாயர்", SouthAsian, F),
    user("soren.dahl", "Søren Dahl", Nordic, M),
    user("camila.torres", "Camila Torres", Latin, F),
    user("jiho.park", "박지호", EastAsian, M),
    user("margaux.petit", "Margaux Petit", European, F),
    user("samuel.tesfaye", "ሳሙኤል ተስፋዬ", African, M),
    user("yasmin.rahimi", "یاسمین رحیمی", MiddleEastern, F),
    user("arjun.reddy", "Arjun Reddy", SouthAsian, M),
    user("katya.orlova", "Катя Орлова", European, F),
    user("luis.herrera", "Luis Herrera", Latin, M),
    user("mei.chen", "陳美", EastAsian, F),
    user("lars.eriksen", "Lars Eriksen", Nordic, M),
    user("thandi.nkosi", "Thandi Nkosi", African, F),
    user("nikos.georgiou", "Νίκος Γεωργίου", European, M),
    user("anjali.das", "অঞ্জলি দাস", SouthAsian, F),
    user("hiroshi.sato", "佐藤 浩", EastAsian, M),
    user("elif.kaya", "Elif Kaya", MiddleEastern, F),
    user("pawel.zielinski", "Paweł Zieliński", European, M),
    user("valentina.cruz", "Valentina Cruz", Latin, F),
    user("omar.farouk", "عمر فاروق", MiddleEastern, M),
    user("astrid.holm", "Astrid Holm", Nordic, F),
    user("bayo.akin", "Bayo Akin", African, M),
    user("sunita.rao", "Sunita Rao", SouthAsian, F),
    user("finn.gallagher", "Finn Gallagher", Nordic, M),
    user("rosa.jimenez", "Rosa Jiménez", Latin, F),
    user("emil.horvat", "Emil Horvat", European, M),
];

pub(crate) const DEPARTMENTS: [&str; 8] =
    ["Design", "Engineering", "Marketing", "Finance", "People", "Research", "Customer Care", "Operations"];

pub(crate) const DESIGNATIONS: [&str; 7] =
    ["Associate", "Specialist", "Senior Specialist", "Team Lead", "Manager", "Analyst", "Director"];

pub(crate) const BIOS: [&str; 8] = [
    "Takes the long way home and photographs it.",
    "Coffee first, then everything else.",
    "Collects city maps, loses umbrellas.",
    "Weekends belong to the mountains.",
    "Will show you pictures of the dog. Be warned.",
    "Learning the cello, slowly.",
    "Always the one behind the camera.",
    "Here for the cake at birthdays.",
];
