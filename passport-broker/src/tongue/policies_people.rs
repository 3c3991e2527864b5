//! The codes of the shipped policies that are about people and their logins, in German, French, Spanish.

use super::policies::Said;

/// As [`super::policies::says`].
pub(super) fn says(code: &str) -> Option<[Said; 3]> {
    Some(match code {
        "policy.suspended" | "policy.stopped" => [
            (
                "Der Zugang dieser Person oder dieses Dienstes ist auf diesem Knoten gesperrt.",
                "Wenden Sie sich an die Betreiber des Knotens.",
            ),
            (
                "L'accès de cette personne ou de ce service est suspendu sur ce nœud.",
                "Adressez-vous à l'exploitant du nœud.",
            ),
            (
                "El acceso de esta persona o de este servicio está suspendido en este nodo.",
                "Diríjase al operador del nodo.",
            ),
        ],
        "policy.lockdown" => [
            (
                "Der Zugang ist auf diesem Knoten vorläufig angehalten.",
                "Wenden Sie sich an die Betreiber des Knotens.",
            ),
            (
                "L'accès est arrêté pour le moment sur ce nœud.",
                "Adressez-vous à l'exploitant du nœud.",
            ),
            (
                "El acceso está detenido por ahora en este nodo.",
                "Diríjase al operador del nodo.",
            ),
        ],
        "policy.four_eyes" => [
            (
                "Niemand entscheidet über etwas, das er selbst geschrieben hat oder wodurch er gewinnt.",
                "Bitten Sie eine zweite Person, die es darf.",
            ),
            (
                "Personne ne décide de ce qu'il a écrit lui-même ou de ce dont il profite.",
                "Demandez à une seconde personne qui le peut.",
            ),
            (
                "Nadie decide sobre lo que ha escrito o de lo que se beneficia.",
                "Pida a una segunda persona que pueda hacerlo.",
            ),
        ],
        "policy.not_dac" => [
            (
                "Darüber entscheiden nur Mitglieder des Gremiums dieses Datensatzes.",
                "Fragen Sie ein Mitglied dieses Gremiums.",
            ),
            (
                "Seuls les membres du comité de ce jeu de données en décident.",
                "Demandez à un membre de ce comité.",
            ),
            (
                "Solo deciden sobre ello los miembros del comité de este conjunto de datos.",
                "Pregunte a un miembro de ese comité.",
            ),
        ],
        "policy.change_kind" => [
            (
                "Diese Art von Änderung hat ihre eigene Genehmigung.",
                "Öffnen Sie die Änderung auf ihrer eigenen Seite.",
            ),
            (
                "Ce type de modification a sa propre approbation.",
                "Ouvrez la modification sur sa propre page.",
            ),
            (
                "Este tipo de cambio tiene su propia aprobación.",
                "Abra el cambio en su propia página.",
            ),
        ],
        "policy.withdrawal_stays" => [
            (
                "Den Widerruf einer teilnehmenden Person beendet nur ein neues, unterzeichnetes Ereignis des Dienstes, der ihn festhielt.",
                "Bitten Sie den Einwilligungsdienst darum; zwei Personen können ihn dann beenden.",
            ),
            (
                "Le retrait d'un participant ne prend fin que par un nouvel événement signé du service qui l'a consigné.",
                "Demandez-le au service de consentement ; deux personnes peuvent alors y mettre fin.",
            ),
            (
                "La retirada de un participante solo termina con un nuevo evento firmado del servicio que la registró.",
                "Pídalo al servicio de consentimiento; dos personas pueden entonces ponerle fin.",
            ),
        ],
        "policy.step_up" => [
            (
                "Dafür braucht es eine stärkere oder frischere Anmeldung.",
                "Melden Sie sich neu mit einem zweiten Faktor an.",
            ),
            (
                "Il y faut une connexion plus forte ou plus récente.",
                "Reconnectez-vous avec un second facteur.",
            ),
            (
                "Hace falta un inicio de sesión más fuerte o más reciente.",
                "Inicie sesión de nuevo con un segundo factor.",
            ),
        ],
        "policy.identity_assurance" => [
            (
                "Der Datensatz verlangt eine besser nachgewiesene Identität als Ihre.",
                "Lassen Sie sie von Ihrer Einrichtung besser nachweisen, oder melden Sie sich mit einer stärkeren an.",
            ),
            (
                "Le jeu de données demande une identité mieux établie que la vôtre.",
                "Faites relever son niveau par votre établissement, ou connectez-vous avec une identité plus forte.",
            ),
            (
                "El conjunto de datos pide una identidad mejor comprobada que la suya.",
                "Haga que su institución eleve su nivel o inicie sesión con una identidad más fuerte.",
            ),
        ],
        "policy.affiliation_stale" => [
            (
                "Ihre Zugehörigkeit wurde nicht kürzlich genug bestätigt.",
                "Melden Sie sich neu über Ihre Einrichtung an.",
            ),
            (
                "Votre affiliation n'a pas été confirmée assez récemment.",
                "Reconnectez-vous par votre établissement.",
            ),
            (
                "Su afiliación no se ha confirmado hace poco.",
                "Inicie sesión de nuevo a través de su institución.",
            ),
        ],
        "policy.sender_constrained" => [
            (
                "Diese Daten brauchen ein Token, das an den Schlüssel Ihres Programms gebunden ist.",
                "Nutzen Sie ein Programm, das DPoP oder beidseitiges TLS kann.",
            ),
            (
                "Ces données demandent un jeton lié à la clé de votre programme.",
                "Utilisez un programme qui connaît DPoP ou TLS mutuel.",
            ),
            (
                "Estos datos piden un token ligado a la clave de su programa.",
                "Use un programa que admita DPoP o TLS mutuo.",
            ),
        ],
        "policy.no_quorum" => [
            (
                "Der Antrag hat noch nicht die Stimmen, die der Datensatz verlangt.",
                "Warten Sie auf die Stimmen anderer Mitglieder des Gremiums.",
            ),
            (
                "La demande n'a pas encore les voix que demande le jeu de données.",
                "Attendez les voix d'autres membres du comité.",
            ),
            (
                "La solicitud no tiene aún los votos que pide el conjunto de datos.",
                "Espere los votos de otros miembros del comité.",
            ),
        ],
        "policy.conflict_of_interest" => [
            (
                "Die antragstellende Person gehört zu Ihrer eigenen Einrichtung, das Gremium nicht.",
                "Bitten Sie ein anderes Mitglied des Gremiums.",
            ),
            (
                "La personne qui demande est de votre propre établissement, et le comité ne l'est pas.",
                "Demandez à un autre membre du comité.",
            ),
            (
                "Quien solicita es de su propia institución, y el comité no.",
                "Pida a otro miembro del comité.",
            ),
        ],
        _ => return None,
    })
}
