//! The codes of consent in French: what is the matter, and what helps. A new code does not compile without its words.

use policy_engine::consent::Code;

/// Sentence and remedy.
pub(super) const fn says(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::InputInvalid => (
            "L'entrée ne suit pas le schéma.",
            "Corrigez le champ nommé dans `path`.",
        ),
        Code::PurposeIncomplete => (
            "La finalité dit sur qui ou comment, mais pas à quoi sert le travail, ou la recherche sur des maladies n'en nomme aucune.",
            "Indiquez au moins un but, et les maladies s'il s'agit d'en étudier ; les autres mots disent seulement sur qui et comment.",
        ),
        Code::UseBarred => (
            "La finalité nomme une utilisation interdite pour toutes les données.",
            "Il n'y a rien à faire : aucun consentement et aucun comité ne la permet.",
        ),
        Code::PurposeUnstated => (
            "Personne n'a dit à quoi servent les données, et le consentement le demande.",
            "Indiquez la finalité : avec la tâche, avec le jeton, ou une fois pour toutes auprès de votre courtier.",
        ),
        Code::DatasetSuspended => (
            "Le jeu de données est suspendu.",
            "Demandez au dépositaire quand il sera rouvert.",
        ),
        Code::DatasetWithdrawn => (
            "Le jeu de données a été retiré.",
            "Il ne peut plus être utilisé ; effacez les copies si vous en avez.",
        ),
        Code::DatasetRetired => (
            "Le jeu de données n'est plus en service.",
            "Utilisez le jeu de données qui lui succède.",
        ),
        Code::ConsentExpired => (
            "Le consentement sur lequel repose ce jeu de données a pris fin.",
            "Attendez un nouveau consentement, ou laissez le jeu de données de côté.",
        ),
        Code::HoldWithdrawn => (
            "Le consentement a été retiré pour des données de cette demande.",
            "Laissez de côté les objets concernés, ou utilisez la version faite sans ces participants.",
        ),
        Code::HoldDisputed => (
            "Le consentement pour des données de cette demande est contesté.",
            "Attendez que ce soit réglé, ou laissez les objets de côté.",
        ),
        Code::HoldExpired => (
            "Le consentement de participants de cette demande a pris fin.",
            "Laissez de côté les objets concernés.",
        ),
        Code::HoldReconsent => (
            "Des participants de cette demande sont interrogés à nouveau.",
            "Attendez leur réponse, ou laissez les objets de côté.",
        ),
        Code::HoldOptOut => (
            "Des participants de cette demande se sont opposés avant que cette utilisation soit approuvée.",
            "Laissez de côté les objets concernés, ou utilisez la version faite sans ces participants.",
        ),
        Code::HoldVeto => (
            "Un comité ou ce nœud vous a exclu, vous ou le projet, de ce jeu de données.",
            "Demandez au comité ; si un autre projet était visé, nommez le vôtre.",
        ),
        Code::Hold => (
            "Certaines données de cette demande ne peuvent pas être utilisées à présent.",
            "Laissez de côté les objets nommés, ou utilisez la version faite sans eux.",
        ),
        Code::GroupUnknown => (
            "La demande nomme un groupe de consentement que le jeu de données n'a pas.",
            "Corrigez dans le catalogue l'attribution des objets aux groupes.",
        ),
        Code::TermsNotAccepted => (
            "Vous n'avez pas accepté la convention du jeu de données.",
            "Lisez-la et acceptez-la ; votre courtier délivre alors le visa.",
        ),
        Code::RegistrationMissing => (
            "Vous n'êtes pas connu comme chercheur enregistré.",
            "Obtenez les visas ResearcherStatus et AcceptedTermsAndPolicies pour l'accès enregistré.",
        ),
        Code::ApprovalMissing => (
            "Aucune autorisation pour ce jeu de données ne figure parmi vos visas.",
            "Présentez une demande à son comité d'accès aux données.",
        ),
        Code::ApprovalSourceUntrusted => (
            "L'autorisation n'a pas été donnée par un comité de ce jeu de données.",
            "Présentez la demande au comité que nomme le jeu de données.",
        ),
        Code::ApprovalNotStarted => ("L'autorisation n'a pas commencé.", "Revenez à son début."),
        Code::ApprovalExpired => ("L'autorisation a pris fin.", "Demandez au comité de la renouveler."),
        Code::ApprovalOtherUser => (
            "L'autorisation concerne d'autres personnes.",
            "Demandez au comité de vous ajouter.",
        ),
        Code::ApprovalOtherProject => (
            "L'autorisation concerne un autre projet.",
            "Choisissez ce projet-là, ou présentez une demande pour celui-ci.",
        ),
        Code::ApprovalOtherInstitution => (
            "L'autorisation concerne un autre établissement.",
            "Agissez pour cet établissement-là, ou présentez une demande pour celui-ci.",
        ),
        Code::ApprovalWithoutPurpose => (
            "Le comité n'a pas consigné de finalité avec l'autorisation, et ce jeu de données le demande.",
            "Demandez au comité de consigner la finalité avec l'autorisation.",
        ),
        Code::PurposeWiderThanApproval => (
            "La finalité va au-delà de celle qui a été approuvée.",
            "Restreignez la finalité, ou demandez au comité d'élargir l'autorisation.",
        ),
        Code::TermUnknown => (
            "Le jeu de données porte un terme que ce nœud ne connaît pas.",
            "Le dépositaire corrige l'étiquette, ou met à jour la table des termes.",
        ),
        Code::TermNotALabel => (
            "Le jeu de données porte un terme de l'ontologie qui n'est pas une condition d'utilisation.",
            "Le dépositaire corrige l'étiquette.",
        ),
        Code::TermMeaningless => (
            "Le jeu de données porte un terme obsolète et sans signification.",
            "Le dépositaire étiquette à nouveau le jeu de données.",
        ),
        Code::ValueMissing => ("Il manque sa valeur à un terme.", "Le dépositaire ajoute la valeur."),
        Code::ValueInvalid => (
            "Un terme a une valeur qui ne peut être lue.",
            "Le dépositaire corrige la valeur.",
        ),
        Code::ValueUnexpected => (
            "Un terme porte une valeur qu'il ne peut avoir.",
            "Le dépositaire corrige l'étiquette ; un autre terme était peut-être visé.",
        ),
        Code::PermissionMissing => (
            "L'étiquette ne contient aucune permission.",
            "Le dépositaire ajoute la permission donnée par les participants.",
        ),
        Code::PermissionConflict => (
            "Les permissions se contredisent.",
            "Le dépositaire répartit les données en groupes de consentement ou corrige l'étiquette.",
        ),
        Code::LabelDiseaseUnknown => (
            "La maladie de l'étiquette n'est pas dans l'ontologie de ce nœud.",
            "Le dépositaire la rattache à MONDO, ou charge l'ontologie.",
        ),
        Code::LabelDiseaseObsolete => (
            "La maladie de l'étiquette est obsolète dans l'ontologie de ce nœud.",
            "Le dépositaire examine le remplacement et étiquette à nouveau.",
        ),
        Code::PurposeOutsidePermission => (
            "La permission ne couvre pas une partie de la finalité.",
            "Laissez le jeu de données de côté, ou restreignez la finalité si elle dit plus que ce que vous faites ; tout changement de la finalité est montré au comité.",
        ),
        Code::PurposeNeedsJudgement => (
            "Il faut juger si la permission couvre une partie de la finalité.",
            "Demandez au comité de se prononcer sur cette finalité. Pour des données ouvertes ou enregistrées il n'y a personne à qui demander : laissez cette partie ou le jeu de données de côté.",
        ),
        Code::ClinicalCareNotAllowed => (
            "Les soins aux patients ne sont pas couverts.",
            "Utilisez des données étiquetées pour les soins.",
        ),
        Code::DiseaseMissing => (
            "Les données sont pour des maladies nommées, la finalité n'en nomme aucune.",
            "Nommez les maladies que vous étudiez.",
        ),
        Code::DiseaseUnknown => (
            "Une maladie de la finalité n'est pas dans l'ontologie de ce nœud.",
            "Choisissez un terme de MONDO.",
        ),
        Code::DiseaseObsolete => (
            "Une maladie de la finalité est obsolète.",
            "Choisissez celle qui la remplace.",
        ),
        Code::DiseaseNotCovered => (
            "Une maladie de la finalité n'est ni celle de l'étiquette ni une forme de celle-ci.",
            "Restreignez la session aux maladies de l'étiquette ; si l'étiquette est plus étroite que le consentement, le comité la modifie.",
        ),
        Code::AncestryExcluded => (
            "La recherche sur l'ascendance et les origines est exclue.",
            "Laissez de côté le jeu de données ou ce but ; tout changement de la finalité est montré au comité.",
        ),
        Code::NotGenetic => (
            "Votre finalité ne dit pas que l'étude est génétique.",
            "Laissez le jeu de données de côté. Tout changement de la finalité est montré au comité.",
        ),
        Code::ResearchTypeOutside => (
            "Votre finalité va au-delà des types de recherche permis.",
            "Laissez le jeu de données de côté, ou restreignez la finalité ; tout changement de la finalité est montré au comité.",
        ),
        Code::ResearchTypeUnclear => (
            "Le type de recherche permis est donné en toutes lettres, ou nomme des âges, des groupes ou des personnes sans dire lesquels.",
            "Demandez au comité de se prononcer sur cette finalité.",
        ),
        Code::MethodsExcluded => (
            "Développer des méthodes ou entraîner des modèles est exclu.",
            "Laissez de côté le jeu de données ou ce but ; tout changement de la finalité est montré au comité.",
        ),
        Code::MethodsMeaningUnknown => (
            "Ce que dit l'étiquette du développement de méthodes dépend de la date où elle a été faite.",
            "Demandez au comité ; le dépositaire ajoute la date de l'étiquette ou sa version de DUO.",
        ),
        Code::InstitutionMissing => (
            "La finalité ne dit pas pour quel établissement vous agissez.",
            "Indiquez l'établissement.",
        ),
        Code::AffiliationMissing => (
            "Aucune affiliation digne de confiance (enseignant, personnel, employé, étudiant, membre) ne prouve que vous agissez pour cet établissement.",
            "Connectez-vous par cet établissement, ou obtenez un visa AffiliationAndRole de son système ou de son signataire autorisé.",
        ),
        Code::OrganisationStatusUnknown => (
            "On ne sait pas si l'établissement poursuit un but lucratif.",
            "Le registre du nœud ajoute l'établissement, ou le comité le consigne avec l'autorisation.",
        ),
        Code::OrganisationForProfit => (
            "L'établissement poursuit un but lucratif, selon la source nommée.",
            "Agissez pour un établissement qui n'en poursuit pas, ou laissez le jeu de données de côté.",
        ),
        Code::CommercialUseUnknown => (
            "La finalité ne dit pas si l'utilisation est commerciale.",
            "Indiquez-le.",
        ),
        Code::CommercialUse => (
            "L'utilisation commerciale est exclue.",
            "Laissez de côté le jeu de données ou ce but ; tout changement de la finalité est montré au comité.",
        ),
        Code::InstitutionOutside => (
            "L'établissement n'est pas parmi ceux qui sont permis.",
            "Agissez pour un établissement permis.",
        ),
        Code::InstitutionNotApproved => (
            "Aucune autorisation ne nomme l'établissement.",
            "Demandez au comité de le nommer dans l'autorisation.",
        ),
        Code::ProjectMissing => ("La finalité ne nomme aucun projet.", "Choisissez le projet."),
        Code::ProjectOutside => (
            "Le projet n'est pas parmi ceux qui sont permis.",
            "Choisissez un projet permis.",
        ),
        Code::ProjectNotApproved => (
            "Aucune autorisation ne nomme le projet.",
            "Demandez au comité de le nommer dans l'autorisation.",
        ),
        Code::UserOutside => (
            "Vous n'êtes pas parmi les personnes permises.",
            "Reliez l'identité permise, ou demandez au comité.",
        ),
        Code::UserNotApproved => (
            "Aucune autorisation en vigueur ne vous nomme.",
            "Présentez une demande au comité.",
        ),
        Code::TimeLimitPassed => (
            "Les mois approuvés sont passés.",
            "Arrêtez, effacez les copies, ou demandez une prolongation.",
        ),
        Code::TimeLimitStartUnknown => (
            "Les mois ne peuvent être comptés : aucune autorisation ne donne leur début.",
            "Présentez une demande au comité, ou le dépositaire corrige l'étiquette.",
        ),
        Code::Moratorium => (
            "Il n'est pas permis de publier avant la date de l'étiquette.",
            "Attendez cette date.",
        ),
        Code::ObligationRefused => (
            "La finalité refuse une obligation attachée aux données.",
            "Acceptez l'obligation, ou laissez le jeu de données de côté.",
        ),
        Code::ObligationNotAccepted => (
            "Une obligation attachée aux données doit être acceptée par quelqu'un, et personne ne l'a fait.",
            "Acceptez-la dans la finalité, ou acceptez la convention du jeu de données.",
        ),
        Code::EthicsMissing => (
            "Il n'y a pas d'avis éthique en vigueur.",
            "Ajoutez le document de votre comité d'éthique.",
        ),
        Code::EthicsExpired => (
            "L'avis éthique a expiré ou son comité y a mis fin.",
            "Ajoutez son renouvellement.",
        ),
        Code::EthicsUnverified => (
            "Personne n'a vérifié le document éthique.",
            "Le comité ou votre signataire autorisé le confirme ; une autorisation ne règle cela que pour les documents qu'elle nomme.",
        ),
        Code::EthicsNotLocal => (
            "L'avis éthique est d'un autre établissement, ou pour d'autres projets ou jeux de données.",
            "Le comité décide s'il couvre le vôtre, et nomme le document dans son autorisation.",
        ),
        Code::CountryUnknown => (
            "Un lieu qui importe n'est pas connu.",
            "Le registre ou la configuration du nœud indique le pays, ou le comité consigne celui de l'établissement avec l'autorisation.",
        ),
        Code::UserCountryOutside => (
            "Votre établissement est hors de la région permise.",
            "Agissez pour un établissement qui s'y trouve, ou laissez le jeu de données de côté.",
        ),
        Code::ProcessingCountryOutside => (
            "Des données seraient conservées ou traitées hors de la région permise.",
            "Travaillez sur un nœud de cette région.",
        ),
        Code::AccessCountryOutside => (
            "Vous vous connectez depuis l'extérieur de la région permise.",
            "Connectez-vous de l'intérieur, ou demandez au comité de permettre nommément ce séjour.",
        ),
        Code::TermDeprecated => (
            "Un terme obsolète est lu selon son ancien sens.",
            "Le dépositaire étiquette à nouveau le jeu de données.",
        ),
        Code::NresWithModifier => (
            "Aucune restriction, et pourtant un terme qui restreint : le terme vaut.",
            "Le dépositaire corrige l'étiquette.",
        ),
        Code::LabelVersionMissing => (
            "Le sens de ce terme dépend de la version de l'ontologie, que l'étiquette ne nomme pas.",
            "Le dépositaire ajoute la version.",
        ),
        Code::DownloadPlaceUnseen => (
            "Ce qui est téléchargé va dans un lieu que personne ne voit ici ; le pays de l'établissement en tient lieu.",
            "Utilisez les données là où elles sont ; le dépositaire n'y permet que le calcul.",
        ),
    }
}
