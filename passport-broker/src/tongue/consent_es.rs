//! The codes of consent in Spanish: what is the matter, and what helps. A new code does not compile without its words.

use policy_engine::consent::Code;

/// Sentence and remedy.
pub(super) const fn says(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::InputInvalid => (
            "La entrada no sigue el esquema.",
            "Corrija el campo nombrado en `path`.",
        ),
        Code::PurposeIncomplete => (
            "La finalidad dice sobre quién o cómo, pero no para qué es el trabajo, o la investigación de enfermedades no nombra ninguna.",
            "Indique al menos un fin, y las enfermedades si se investigan; las demás palabras solo dicen sobre quién y cómo.",
        ),
        Code::UseBarred => (
            "La finalidad nombra un uso prohibido para todos los datos.",
            "No hay remedio: ningún consentimiento ni comité lo permite.",
        ),
        Code::PurposeUnstated => (
            "Nadie ha dicho para qué son los datos, y el consentimiento lo pide.",
            "Indique la finalidad: con la tarea, con el token o una sola vez en su bróker.",
        ),
        Code::DatasetSuspended => (
            "El conjunto de datos está suspendido.",
            "Pregunte al custodio cuándo volverá a abrirse.",
        ),
        Code::DatasetWithdrawn => (
            "El conjunto de datos ha sido retirado.",
            "Ya no puede usarse; borre las copias si las tiene.",
        ),
        Code::DatasetRetired => (
            "El conjunto de datos ya no está en servicio.",
            "Use el conjunto de datos que lo sucede.",
        ),
        Code::ConsentExpired => (
            "El consentimiento en que se basa este conjunto de datos ha terminado.",
            "Espere un nuevo consentimiento o deje fuera el conjunto de datos.",
        ),
        Code::HoldWithdrawn => (
            "Se ha retirado el consentimiento para datos de esta solicitud.",
            "Deje fuera los objetos afectados o use la versión hecha sin estos participantes.",
        ),
        Code::HoldDisputed => (
            "El consentimiento para datos de esta solicitud está en disputa.",
            "Espere a que se resuelva o deje fuera los objetos.",
        ),
        Code::HoldExpired => (
            "El consentimiento de participantes de esta solicitud ha terminado.",
            "Deje fuera los objetos afectados.",
        ),
        Code::HoldReconsent => (
            "Se está preguntando de nuevo a participantes de esta solicitud.",
            "Espere su respuesta o deje fuera los objetos.",
        ),
        Code::HoldOptOut => (
            "Participantes de esta solicitud se opusieron antes de que se aprobara este uso.",
            "Deje fuera los objetos afectados o use la versión hecha sin estos participantes.",
        ),
        Code::HoldVeto => (
            "Un comité o este nodo le ha excluido a usted o al proyecto de este conjunto de datos.",
            "Pregunte al comité; si se trataba de otro proyecto, nombre el suyo.",
        ),
        Code::Hold => (
            "Algunos de los datos de esta solicitud no pueden usarse por ahora.",
            "Deje fuera los objetos nombrados o use la versión hecha sin ellos.",
        ),
        Code::GroupUnknown => (
            "La solicitud nombra un grupo de consentimiento que el conjunto de datos no tiene.",
            "Corrija en el catálogo la asignación de objetos a grupos.",
        ),
        Code::TermsNotAccepted => (
            "No ha aceptado el acuerdo del conjunto de datos.",
            "Léalo y acéptelo; su bróker emite entonces el visado.",
        ),
        Code::RegistrationMissing => (
            "No consta como investigador registrado.",
            "Obtenga los visados ResearcherStatus y AcceptedTermsAndPolicies para el acceso registrado.",
        ),
        Code::ApprovalMissing => (
            "Entre sus visados no hay ninguna aprobación para este conjunto de datos.",
            "Presente una solicitud a su comité de acceso a los datos.",
        ),
        Code::ApprovalSourceUntrusted => (
            "La aprobación no la dio un comité de este conjunto de datos.",
            "Presente la solicitud al comité que nombra el conjunto de datos.",
        ),
        Code::ApprovalNotStarted => ("La aprobación no ha empezado.", "Vuelva cuando empiece."),
        Code::ApprovalExpired => ("La aprobación ha terminado.", "Pida al comité que la renueve."),
        Code::ApprovalOtherUser => (
            "La aprobación es para otras personas.",
            "Pida al comité que le incluya.",
        ),
        Code::ApprovalOtherProject => (
            "La aprobación es para otro proyecto.",
            "Elija aquel proyecto o presente una solicitud para este.",
        ),
        Code::ApprovalOtherInstitution => (
            "La aprobación es para otra institución.",
            "Actúe por aquella institución o presente una solicitud para esta.",
        ),
        Code::ApprovalWithoutPurpose => (
            "El comité no registró ninguna finalidad con la aprobación, y este conjunto de datos la pide.",
            "Pida al comité que registre la finalidad con la aprobación.",
        ),
        Code::PurposeWiderThanApproval => (
            "La finalidad va más allá de la aprobada.",
            "Restrinja la finalidad o pida al comité que amplíe la aprobación.",
        ),
        Code::TermUnknown => (
            "El conjunto de datos lleva un término que este nodo no conoce.",
            "El custodio corrige la etiqueta o actualiza la tabla de términos.",
        ),
        Code::TermNotALabel => (
            "El conjunto de datos lleva un término de la ontología que no es una condición de uso.",
            "El custodio corrige la etiqueta.",
        ),
        Code::TermMeaningless => (
            "El conjunto de datos lleva un término obsoleto y sin significado.",
            "El custodio etiqueta de nuevo el conjunto de datos.",
        ),
        Code::ValueMissing => ("A un término le falta su valor.", "El custodio añade el valor."),
        Code::ValueInvalid => (
            "Un término tiene un valor que no puede leerse.",
            "El custodio corrige el valor.",
        ),
        Code::ValueUnexpected => (
            "Un término lleva un valor que no puede tener.",
            "El custodio corrige la etiqueta; quizá se quería otro término.",
        ),
        Code::PermissionMissing => (
            "La etiqueta no contiene ningún permiso.",
            "El custodio añade el permiso que dieron los participantes.",
        ),
        Code::PermissionConflict => (
            "Los permisos se contradicen.",
            "El custodio reparte los datos en grupos de consentimiento o corrige la etiqueta.",
        ),
        Code::LabelDiseaseUnknown => (
            "La enfermedad de la etiqueta no está en la ontología de este nodo.",
            "El custodio la asigna a MONDO o carga la ontología.",
        ),
        Code::LabelDiseaseObsolete => (
            "La enfermedad de la etiqueta está obsoleta en la ontología de este nodo.",
            "El custodio revisa la sustituta y etiqueta de nuevo.",
        ),
        Code::PurposeOutsidePermission => (
            "El permiso no cubre una parte de la finalidad.",
            "Deje fuera el conjunto de datos, o restrinja la finalidad si dice más de lo que usted hace; un cambio de la finalidad se muestra al comité.",
        ),
        Code::PurposeNeedsJudgement => (
            "Hay que juzgar si el permiso cubre una parte de la finalidad.",
            "Pida al comité que decida sobre esta finalidad. Para datos abiertos y registrados no hay a quién preguntar: deje fuera esa parte o el conjunto de datos.",
        ),
        Code::ClinicalCareNotAllowed => (
            "La atención a pacientes no está cubierta.",
            "Use datos etiquetados para la atención a pacientes.",
        ),
        Code::DiseaseMissing => (
            "Los datos son para enfermedades nombradas, la finalidad no nombra ninguna.",
            "Nombre las enfermedades que estudia.",
        ),
        Code::DiseaseUnknown => (
            "Una enfermedad de la finalidad no está en la ontología de este nodo.",
            "Elija un término de MONDO.",
        ),
        Code::DiseaseObsolete => ("Una enfermedad de la finalidad está obsoleta.", "Elija su sustituta."),
        Code::DiseaseNotCovered => (
            "Una enfermedad de la finalidad no es la de la etiqueta ni una forma de ella.",
            "Restrinja la sesión a enfermedades de la etiqueta; si la etiqueta es más estrecha que el consentimiento, el comité la cambia.",
        ),
        Code::AncestryExcluded => (
            "La investigación sobre ascendencia y orígenes está excluida.",
            "Deje fuera el conjunto de datos o ese fin; un cambio de la finalidad se muestra al comité.",
        ),
        Code::NotGenetic => (
            "Su finalidad no dice que el estudio sea genético.",
            "Deje fuera el conjunto de datos. Un cambio de la finalidad se muestra al comité.",
        ),
        Code::ResearchTypeOutside => (
            "Su finalidad va más allá de los tipos de investigación permitidos.",
            "Deje fuera el conjunto de datos o restrinja la finalidad; un cambio de la finalidad se muestra al comité.",
        ),
        Code::ResearchTypeUnclear => (
            "El tipo de investigación permitido está en palabras, o nombra edades, grupos o personas sin decir cuáles.",
            "Pida al comité que decida sobre esta finalidad.",
        ),
        Code::MethodsExcluded => (
            "Desarrollar métodos o entrenar modelos está excluido.",
            "Deje fuera el conjunto de datos o ese fin; un cambio de la finalidad se muestra al comité.",
        ),
        Code::MethodsMeaningUnknown => (
            "Lo que dice la etiqueta sobre el desarrollo de métodos depende de cuándo se hizo.",
            "Pregunte al comité; el custodio añade la fecha de la etiqueta o su versión de DUO.",
        ),
        Code::InstitutionMissing => (
            "La finalidad no dice por qué institución actúa usted.",
            "Indique la institución.",
        ),
        Code::AffiliationMissing => (
            "Ninguna afiliación fiable (profesorado, personal, empleado, estudiante, miembro) prueba que actúa por esa institución.",
            "Inicie sesión a través de esa institución u obtenga un visado AffiliationAndRole de su sistema o de su firmante autorizado.",
        ),
        Code::OrganisationStatusUnknown => (
            "No se sabe si la institución tiene ánimo de lucro.",
            "El registro del nodo añade la institución, o el comité lo registra con la aprobación.",
        ),
        Code::OrganisationForProfit => (
            "La institución tiene ánimo de lucro, según la fuente nombrada.",
            "Actúe por una institución que no lo tenga o deje fuera el conjunto de datos.",
        ),
        Code::CommercialUseUnknown => ("La finalidad no dice si el uso es comercial.", "Indíquelo."),
        Code::CommercialUse => (
            "El uso comercial está excluido.",
            "Deje fuera el conjunto de datos o ese fin; un cambio de la finalidad se muestra al comité.",
        ),
        Code::InstitutionOutside => (
            "La institución no está entre las permitidas.",
            "Actúe por una institución permitida.",
        ),
        Code::InstitutionNotApproved => (
            "Ninguna aprobación nombra la institución.",
            "Pida al comité que la nombre en la aprobación.",
        ),
        Code::ProjectMissing => ("La finalidad no nombra ningún proyecto.", "Elija el proyecto."),
        Code::ProjectOutside => (
            "El proyecto no está entre los permitidos.",
            "Elija un proyecto permitido.",
        ),
        Code::ProjectNotApproved => (
            "Ninguna aprobación nombra el proyecto.",
            "Pida al comité que lo nombre en la aprobación.",
        ),
        Code::UserOutside => (
            "Usted no está entre las personas permitidas.",
            "Vincule la identidad permitida o pregunte al comité.",
        ),
        Code::UserNotApproved => (
            "Ninguna aprobación en vigor le nombra.",
            "Presente una solicitud al comité.",
        ),
        Code::TimeLimitPassed => (
            "Los meses aprobados han pasado.",
            "Deje de usarlos, borre las copias o pida una prórroga.",
        ),
        Code::TimeLimitStartUnknown => (
            "Los meses no pueden contarse: ninguna aprobación da su comienzo.",
            "Presente una solicitud al comité, o el custodio corrige la etiqueta.",
        ),
        Code::Moratorium => (
            "No se permite publicar antes de la fecha de la etiqueta.",
            "Espere a esa fecha.",
        ),
        Code::ObligationRefused => (
            "La finalidad rechaza una obligación ligada a los datos.",
            "Acepte la obligación o deje fuera el conjunto de datos.",
        ),
        Code::ObligationNotAccepted => (
            "Los datos llevan una obligación que alguien debe aceptar, y nadie lo hizo.",
            "Acéptela en la finalidad o acepte el acuerdo del conjunto de datos.",
        ),
        Code::EthicsMissing => (
            "No hay aprobación ética en vigor.",
            "Añada el documento de su comité de ética.",
        ),
        Code::EthicsExpired => (
            "La aprobación ética ha caducado o su comité le puso fin.",
            "Añada su renovación.",
        ),
        Code::EthicsUnverified => (
            "Nadie ha comprobado el documento de ética.",
            "El comité o su firmante autorizado lo confirma; una aprobación solo lo resuelve para los documentos que nombra.",
        ),
        Code::EthicsNotLocal => (
            "La aprobación ética es de otra institución, o para otros proyectos o conjuntos de datos.",
            "El comité decide si cubre los suyos y nombra el documento en su aprobación.",
        ),
        Code::CountryUnknown => (
            "Un lugar que importa no se conoce.",
            "El registro o la configuración del nodo indica el país, o el comité registra el de la institución con la aprobación.",
        ),
        Code::UserCountryOutside => (
            "Su institución está fuera de la región permitida.",
            "Actúe por una institución de dentro o deje fuera el conjunto de datos.",
        ),
        Code::ProcessingCountryOutside => (
            "Los datos se guardarían o procesarían fuera de la región permitida.",
            "Trabaje en un nodo de la región.",
        ),
        Code::AccessCountryOutside => (
            "Se conecta desde fuera de la región permitida.",
            "Conéctese desde dentro o pida al comité que permita la estancia por su nombre.",
        ),
        Code::TermDeprecated => (
            "Un término obsoleto se lee con su antiguo significado.",
            "El custodio etiqueta de nuevo el conjunto de datos.",
        ),
        Code::NresWithModifier => (
            "Sin restricción, y sin embargo un término que restringe: el término vale.",
            "El custodio corrige la etiqueta.",
        ),
        Code::LabelVersionMissing => (
            "El significado de este término depende de la versión de la ontología, que la etiqueta no nombra.",
            "El custodio añade la versión.",
        ),
        Code::DownloadPlaceUnseen => (
            "Lo descargado va a un lugar que aquí nadie ve; el país de la institución vale por él.",
            "Use los datos donde están; el custodio permite solo el cálculo sobre ellos.",
        ),
    }
}
