//! The codes of the shipped policies and of the engine in German, French, Spanish: what is the matter, and what helps.
//!
//! One code may stand on several policies; here it says what they have in common. A node's own policies are not here.

use super::policies_people;

/// Sentence and remedy.
pub(super) type Said = (&'static str, &'static str);

/// In German, French, Spanish.
pub(super) fn says(code: &str) -> Option<[Said; 3]> {
    of_data(code)
        .or_else(|| of_work(code))
        .or_else(|| policies_people::says(code))
}

fn of_data(code: &str) -> Option<[Said; 3]> {
    Some(match code {
        "policy.consent_not_permitted" => [
            (
                "Die zu diesen Daten festgehaltene Einwilligung erlaubt diese Nutzung nicht.",
                "Bitten Sie das Datenzugangsgremium, den Zweck zu prüfen, oder wählen Sie einen, den die Bedingungen der Daten erlauben.",
            ),
            (
                "Le consentement consigné pour ces données ne permet pas cette utilisation.",
                "Demandez au comité d'accès d'examiner la finalité, ou choisissez-en une que les conditions des données permettent.",
            ),
            (
                "El consentimiento registrado para estos datos no permite este uso.",
                "Pida al comité de acceso que revise la finalidad o elija una que permitan las condiciones de los datos.",
            ),
        ],
        "policy.no_grant" => [
            (
                "Diese Daten sind nur auf Antrag zugänglich, und unter Ihren Visa ist keine gültige Genehmigung für diesen Datensatz.",
                "Beantragen Sie den Zugang bei seinem Datenzugangsgremium.",
            ),
            (
                "Ces données sont à accès contrôlé, et aucune autorisation valable pour ce jeu de données ne figure parmi vos visas.",
                "Demandez l'accès à son comité d'accès aux données.",
            ),
            (
                "Estos datos son de acceso controlado, y entre sus visados no hay ninguna autorización válida para este conjunto.",
                "Solicite el acceso a su comité de acceso a los datos.",
            ),
        ],
        "policy.not_registered" => [
            (
                "Diese Daten haben registrierten Zugang, und Sie sind nicht als registriert bekannt.",
                "Besorgen Sie ein Visum ResearcherStatus eines vertrauenswürdigen Ausstellers.",
            ),
            (
                "Ces données sont à accès enregistré, et vous n'êtes pas connu comme chercheur enregistré.",
                "Obtenez un visa ResearcherStatus d'un émetteur de confiance.",
            ),
            (
                "Estos datos son de acceso registrado, y usted no consta como investigador registrado.",
                "Obtenga un visado ResearcherStatus de un emisor de confianza.",
            ),
        ],
        "policy.dataset_inactive" => [
            (
                "Der Datensatz ist ausgesetzt, zurückgezogen oder außer Dienst.",
                "Wenden Sie sich an seinen Verwahrer.",
            ),
            (
                "Le jeu de données est suspendu, retiré ou hors service.",
                "Adressez-vous à son dépositaire.",
            ),
            (
                "El conjunto de datos está suspendido, retirado o fuera de servicio.",
                "Diríjase a su custodio.",
            ),
        ],
        "policy.compute_only" => [
            (
                "Auf diesen Daten wird nur gerechnet; sie werden nicht herausgegeben.",
                "Führen Sie Ihre Auswertung als TES-Aufgabe oder WES-Lauf auf einem zertifizierten Knoten aus.",
            ),
            (
                "On ne peut que calculer sur ces données ; elles ne sont pas remises.",
                "Exécutez votre analyse comme tâche TES ou exécution WES sur un nœud certifié.",
            ),
            (
                "Sobre estos datos solo se calcula; no se entregan.",
                "Ejecute su análisis como tarea TES o ejecución WES en un nodo certificado.",
            ),
        ],
        "policy.region" => [
            (
                "Dieser Datensatz darf in dem Land, in dem dieser Knoten steht, nicht verarbeitet werden.",
                "Wählen Sie einen Knoten in einem erlaubten Gebiet.",
            ),
            (
                "Ce jeu de données ne peut être traité dans le pays où se trouve ce nœud.",
                "Choisissez un nœud dans une région permise.",
            ),
            (
                "Este conjunto de datos no puede procesarse en el país donde está este nodo.",
                "Elija un nodo en una región permitida.",
            ),
        ],
        "policy.network" => [
            (
                "Diese Daten werden nur im Netz der Einrichtung herausgegeben.",
                "Verbinden Sie sich über das Netz der Einrichtung.",
            ),
            (
                "Ces données ne sont remises que dans le réseau de l'établissement.",
                "Connectez-vous par le réseau de l'établissement.",
            ),
            (
                "Estos datos solo se entregan dentro de la red de la institución.",
                "Conéctese por la red de la institución.",
            ),
        ],
        "policy.commercial" => [
            (
                "Diese Daten sind nicht für kommerzielle Zwecke.",
                "Bitten Sie das Gremium um eine andere Vereinbarung.",
            ),
            (
                "Ces données ne sont pas disponibles à des fins commerciales.",
                "Demandez au comité une autre convention.",
            ),
            (
                "Estos datos no están disponibles para fines comerciales.",
                "Pida al comité otro acuerdo.",
            ),
        ],
        "policy.no_rule_permits" => [
            (
                "Keine Regel dieses Knotens erlaubt das.",
                "Fragen Sie, wer diesen Knoten betreibt.",
            ),
            (
                "Aucune règle de ce nœud ne le permet.",
                "Demandez à qui exploite ce nœud.",
            ),
            (
                "Ninguna regla de este nodo lo permite.",
                "Pregunte a quien opera este nodo.",
            ),
        ],
        _ => return None,
    })
}

fn of_work(code: &str) -> Option<[Said; 3]> {
    Some(match code {
        "policy.not_an_input" => [
            (
                "Eine laufende Arbeit darf nur die Datensätze lesen, die ihr erlaubt wurden.",
                "Reichen Sie eine neue ein, die diesen Datensatz unter ihren Eingaben nennt.",
            ),
            (
                "Un travail en cours ne peut lire que les jeux de données qui lui ont été permis.",
                "Soumettez-en un nouveau qui nomme ce jeu de données parmi ses entrées.",
            ),
            (
                "Un trabajo en curso solo puede leer los conjuntos de datos que se le permitieron.",
                "Envíe uno nuevo que nombre este conjunto entre sus entradas.",
            ),
        ],
        "policy.node_not_certified" => [
            (
                "Der Knoten, der diese Daten verarbeiten würde, ist für ihre Klasse nicht zertifiziert.",
                "Wählen Sie einen Knoten mit einem Vertrauenszeichen für diese Klasse.",
            ),
            (
                "Le nœud qui traiterait ces données n'est pas certifié pour leur classe.",
                "Choisissez un nœud qui porte une marque de confiance pour cette classe.",
            ),
            (
                "El nodo que procesaría estos datos no está certificado para su clase.",
                "Elija un nodo con una marca de confianza para esta clase.",
            ),
        ],
        "policy.node_not_secure" => [
            (
                "Dieser Datensatz darf nur in einer sicheren Verarbeitungsumgebung verarbeitet werden.",
                "Wählen Sie einen Knoten, der als solche eingetragen ist.",
            ),
            (
                "Ce jeu de données ne peut être traité que dans un environnement de traitement sécurisé.",
                "Choisissez un nœud enregistré comme tel.",
            ),
            (
                "Este conjunto de datos solo puede procesarse en un entorno de tratamiento seguro.",
                "Elija un nodo registrado como tal.",
            ),
        ],
        "policy.output_not_secure" => [
            (
                "Eine Aufgabe, die solche Daten liest, darf nur in Speicher der sicheren Umgebung schreiben.",
                "Schreiben Sie dorthin, und bitten Sie dann um die Freigabe des Ergebnisses.",
            ),
            (
                "Une tâche qui lit de telles données ne peut écrire que dans un stockage de l'environnement sécurisé.",
                "Écrivez-y le résultat, puis demandez-en la sortie.",
            ),
            (
                "Una tarea que lee estos datos solo puede escribir en almacenamiento del entorno seguro.",
                "Escriba allí el resultado y pida después su salida.",
            ),
        ],
        "policy.body_not_seen" => [
            (
                "Der Inhalt der Anfrage war nicht zu sehen; was sie täte, ist nicht bekannt.",
                "Senden Sie die Anfrage durch das Tor dieses Knotens.",
            ),
            (
                "Le contenu de la demande n'était pas visible ; on ne sait pas ce qu'elle ferait.",
                "Envoyez la demande par la porte de ce nœud.",
            ),
            (
                "El contenido de la solicitud no era visible; no se sabe qué haría.",
                "Envíe la solicitud por la puerta de este nodo.",
            ),
        ],
        "policy.image_not_pinned" => [
            (
                "Solche Daten dürfen nur Container verarbeiten, deren Abbild durch eine Prüfsumme genannt ist.",
                "Nennen Sie das Abbild als repository@sha256:digest.",
            ),
            (
                "Seules des images de conteneur nommées par leur empreinte peuvent traiter ces données.",
                "Nommez l'image sous la forme repository@sha256:digest.",
            ),
            (
                "Solo imágenes de contenedor nombradas por su huella pueden procesar estos datos.",
                "Nombre la imagen como repository@sha256:digest.",
            ),
        ],
        "policy.image_not_approved" => [
            (
                "Hier laufen nur Abbilder aus der genehmigten Ablage.",
                "Bitten Sie die Betreiber, das Abbild aufzunehmen.",
            ),
            (
                "Seules les images du dépôt approuvé peuvent s'exécuter ici.",
                "Demandez à l'exploitant d'y ajouter l'image.",
            ),
            (
                "Aquí solo se ejecutan imágenes del repositorio aprobado.",
                "Pida al operador que añada la imagen.",
            ),
        ],
        "policy.not_the_tool" => [
            (
                "Dieses Abbild darf nur den Befehl seines zertifizierten Werkzeugs ausführen.",
                "Senden Sie den Befehl des Werkzeugs selbst, ohne Skripte, Eingabetexte oder andere Umgebung.",
            ),
            (
                "Cette image ne peut exécuter que la commande de son outil certifié.",
                "Envoyez la commande de l'outil même, sans scripts, contenus ni autre environnement.",
            ),
            (
                "Esta imagen solo puede ejecutar la orden de su herramienta certificada.",
                "Envíe la orden de la propia herramienta, sin guiones, contenidos ni otro entorno.",
            ),
        ],
        "policy.opaque" => [
            (
                "Was diese Aufgabe lesen würde, ist ihr nicht anzusehen, und unter ihren Datensätzen sind zugangsbeschränkte.",
                "Beginnen Sie eine Sitzung, die die Datensätze nennt, und senden Sie die Aufgabe mit deren Token.",
            ),
            (
                "On ne peut voir ce que cette tâche lirait, et des données contrôlées sont parmi ses jeux de données.",
                "Ouvrez une session qui nomme les jeux de données, et envoyez la tâche avec son jeton.",
            ),
            (
                "No se ve qué leería esta tarea, y entre sus conjuntos hay datos controlados.",
                "Inicie una sesión que nombre los conjuntos y envíe la tarea con su token.",
            ),
        ],
        "policy.other_project" => [
            (
                "Das gehört zu einem anderen Projekt.",
                "Arbeiten Sie für jenes Projekt, oder bitten Sie dessen Leitung.",
            ),
            (
                "Cela appartient à un autre projet.",
                "Travaillez pour ce projet-là, ou demandez à son responsable.",
            ),
            (
                "Esto pertenece a otro proyecto.",
                "Trabaje para aquel proyecto o pida a su responsable.",
            ),
        ],
        "policy.not_owner" => [
            (
                "Das sehen nur die Person, der es gehört, ihre Gruppe und die Betreiber des Knotens.",
                "Fragen Sie die Person oder die Leitung der Gruppe.",
            ),
            (
                "Seuls la personne à qui cela appartient, son équipe et les exploitants du nœud le voient.",
                "Demandez à la personne ou au responsable de l'équipe.",
            ),
            (
                "Solo lo ven la persona a quien pertenece, su equipo y los operadores del nodo.",
                "Pregunte a la persona o al responsable del equipo.",
            ),
        ],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_shipped_policies_is_said_in_each_language() {
        let shipped = [
            include_str!("../../../policy-engine/policies/baseline.cedar"),
            include_str!("../../../policy-engine/policies/standard.cedar"),
            include_str!("../../../policy-engine/policies/templates.cedar"),
        ];
        let mut codes = 0;
        for text in shipped {
            for rest in text.split("@code(\"").skip(1) {
                let code = rest.split('"').next().unwrap();
                codes += 1;
                let Some(said) = says(code) else {
                    panic!("{code} is not translated")
                };
                for (sentence, remedy) in said {
                    assert!(
                        sentence.ends_with('.') && remedy.ends_with('.'),
                        "{code}: {sentence} {remedy}"
                    );
                }
            }
        }
        assert!(codes > 40, "{codes}");
    }
}
