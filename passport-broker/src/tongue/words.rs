//! Small words in four languages, and the plain names of a label's terms in three (English is the engine's).

use policy_engine::consent::{Recorder, Verdict};

/// English, German, French, Spanish.
type Four = [&'static str; 4];

/// What the consent answers.
pub(super) const fn verdict(verdict: Option<Verdict>) -> Four {
    match verdict {
        Some(Verdict::Permit) => [
            "the purpose fits",
            "der Zweck passt",
            "la finalité convient",
            "la finalidad encaja",
        ],
        Some(Verdict::Review) => [
            "a person has to judge",
            "ein Mensch muss urteilen",
            "une personne doit juger",
            "una persona debe juzgar",
        ],
        Some(Verdict::Deny) => [
            "the purpose does not fit",
            "der Zweck passt nicht",
            "la finalité ne convient pas",
            "la finalidad no encaja",
        ],
        None => [
            "nobody can tell",
            "niemand weiß es",
            "personne ne peut le dire",
            "nadie lo sabe",
        ],
    }
}

/// A letter of the ethics board is there, and nobody of the committee has said that they read it.
pub(super) const UNREAD_LETTER: Four = [
    "The letter of the ethics board is handed in, but no member has ticked yet that they read it. Read it below and tick it.",
    "Das Schreiben der Ethikkommission liegt vor, aber noch kein Mitglied hat bestätigt, es gelesen zu haben. Lesen Sie es unten und bestätigen Sie es.",
    "La lettre du comité d'éthique est déposée, mais aucun membre n'a encore confirmé l'avoir lue. Lisez-la ci-dessous et confirmez-le.",
    "La carta del comité de ética está entregada, pero ningún miembro ha confirmado aún haberla leído. Léala más abajo y confírmelo.",
];

/// Whether it is a fact that is lacking, or a judgement.
pub(super) const fn lacking(judgement: bool) -> Four {
    if judgement {
        ["a judgement", "ein Urteil", "un jugement", "un juicio"]
    } else {
        ["a fact", "eine Tatsache", "un fait", "un hecho"]
    }
}

/// Who can record it.
pub(super) const fn recorder(recorder: Recorder) -> Four {
    match recorder {
        Recorder::RegisterKeeper => [
            "recorded by who keeps the register of institutions (`visum register set`)",
            "festzuhalten von denen, die das Register der Einrichtungen führen (`visum register set`)",
            "à consigner par qui tient le registre des établissements (`visum register set`)",
            "lo registra quien lleva el registro de instituciones (`visum register set`)",
        ],
        Recorder::Person => [
            "recorded by the person who applies",
            "festzuhalten von der antragstellenden Person",
            "à consigner par la personne qui demande",
            "lo registra la persona que solicita",
        ],
        Recorder::Institution => [
            "recorded by the institution that the person acts for",
            "festzuhalten von der Einrichtung, für die die Person handelt",
            "à consigner par l'établissement pour lequel la personne agit",
            "lo registra la institución por la que actúa la persona",
        ],
        Recorder::Committee => [
            "recorded by the dataset's committee",
            "festzuhalten vom Gremium des Datensatzes",
            "à consigner par le comité du jeu de données",
            "lo registra el comité del conjunto de datos",
        ],
        Recorder::Custodian => [
            "recorded by the dataset's custodian (`visum change propose`)",
            "festzuhalten vom Verwahrer des Datensatzes (`visum change propose`)",
            "à consigner par le dépositaire du jeu de données (`visum change propose`)",
            "lo registra el custodio del conjunto de datos (`visum change propose`)",
        ],
        Recorder::Provider => [
            "recorded by who runs this node",
            "festzuhalten von denen, die diesen Knoten betreiben",
            "à consigner par qui exploite ce nœud",
            "lo registra quien opera este nodo",
        ],
        Recorder::Nobody => [
            "recorded by nobody",
            "von niemandem festzuhalten",
            "personne ne peut le consigner",
            "nadie puede registrarlo",
        ],
    }
}

/// The plain name of a term in German, French, Spanish.
pub(super) fn term(id: &str) -> Option<[&'static str; 3]> {
    Some(match id {
        "DUO:0000004" => ["keine Einschränkung", "aucune restriction", "sin restricción"],
        "DUO:0000005" => [
            "allgemeine Forschung und Krankenversorgung",
            "recherche générale et soins aux patients",
            "investigación general y atención clínica",
        ],
        "DUO:0000006" => [
            "Gesundheits-, medizinische oder biomedizinische Forschung",
            "recherche en santé, médicale ou biomédicale",
            "investigación sanitaria, médica o biomédica",
        ],
        "DUO:0000007" => [
            "Forschung zu einer bestimmten Krankheit",
            "recherche sur une maladie précise",
            "investigación de una enfermedad concreta",
        ],
        "DUO:0000011" => [
            "nur Forschung zu Herkunft oder Abstammung von Bevölkerungen",
            "uniquement la recherche sur les origines ou l'ascendance des populations",
            "solo investigación sobre orígenes o ascendencia de poblaciones",
        ],
        "DUO:0000012" => [
            "nur bestimmte Arten der Forschung",
            "uniquement certains types de recherche",
            "solo ciertos tipos de investigación",
        ],
        "DUO:0000014" => [
            "nur Forschung",
            "uniquement pour la recherche",
            "solo para investigación",
        ],
        "DUO:0000015" => [
            "keine allgemeine Forschung zu Methoden",
            "pas de recherche générale sur des méthodes",
            "sin investigación general de métodos",
        ],
        "DUO:0000016" => [
            "nur genetische Studien",
            "uniquement des études génétiques",
            "solo estudios genéticos",
        ],
        "DUO:0000018" => [
            "nur gemeinnützige, nicht kommerzielle Nutzung",
            "uniquement sans but lucratif et sans usage commercial",
            "solo sin ánimo de lucro y sin uso comercial",
        ],
        "DUO:0000019" => [
            "Veröffentlichung verlangt",
            "publication exigée",
            "publicación obligatoria",
        ],
        "DUO:0000020" => [
            "Zusammenarbeit verlangt",
            "collaboration exigée",
            "colaboración obligatoria",
        ],
        "DUO:0000021" => [
            "Ethikvotum verlangt",
            "avis éthique exigé",
            "aprobación ética obligatoria",
        ],
        "DUO:0000022" => [
            "auf ein Gebiet beschränkt",
            "restriction géographique",
            "restricción geográfica",
        ],
        "DUO:0000024" => [
            "Sperrfrist für Veröffentlichungen",
            "moratoire de publication",
            "moratoria de publicación",
        ],
        "DUO:0000025" => [
            "zeitlich begrenzte Nutzung",
            "utilisation limitée dans le temps",
            "uso limitado en el tiempo",
        ],
        "DUO:0000026" => [
            "auf Personen beschränkt",
            "réservé à certaines personnes",
            "restringido a ciertas personas",
        ],
        "DUO:0000027" => [
            "auf ein Projekt beschränkt",
            "réservé à un projet",
            "restringido a un proyecto",
        ],
        "DUO:0000028" => [
            "auf eine Einrichtung beschränkt",
            "réservé à un établissement",
            "restringido a una institución",
        ],
        "DUO:0000029" => [
            "Rückgabe an Datenbank oder Quelle",
            "restitution à la base ou à la ressource",
            "devolución a la base de datos o al recurso",
        ],
        "DUO:0000042" => ["allgemeine Forschung", "recherche générale", "investigación general"],
        "DUO:0000043" => [
            "Krankenversorgung erlaubt",
            "soins aux patients permis",
            "uso en atención clínica permitido",
        ],
        "DUO:0000044" => [
            "Forschung zu Herkunft oder Abstammung verboten",
            "recherche sur les origines ou l'ascendance interdite",
            "investigación sobre orígenes o ascendencia prohibida",
        ],
        "DUO:0000045" => [
            "nur Einrichtungen ohne Gewinnabsicht",
            "uniquement des organismes sans but lucratif",
            "solo organizaciones sin ánimo de lucro",
        ],
        "DUO:0000046" => [
            "nur nicht kommerzielle Nutzung",
            "uniquement sans usage commercial",
            "solo uso no comercial",
        ],
        _ => return None,
    })
}
