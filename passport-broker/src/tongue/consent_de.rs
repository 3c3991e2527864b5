//! The codes of consent in German: what is the matter, and what helps. A new code does not compile without its words.

use policy_engine::consent::Code;

/// Sentence and remedy.
pub(super) const fn says(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::InputInvalid => (
            "Die Eingabe folgt nicht dem Schema.",
            "Berichtigen Sie das in `path` genannte Feld.",
        ),
        Code::PurposeIncomplete => (
            "Der Zweck sagt, an wem oder wie, aber nicht, wofür gearbeitet wird, oder Krankheitsforschung nennt keine Krankheit.",
            "Nennen Sie mindestens ein Ziel, bei Krankheitsforschung die Krankheiten; die übrigen Wörter sagen nur, an wem und wie.",
        ),
        Code::UseBarred => (
            "Der Zweck nennt eine Nutzung, die für alle Daten verboten ist.",
            "Da hilft nichts: keine Einwilligung und kein Gremium erlaubt sie.",
        ),
        Code::PurposeUnstated => (
            "Niemand hat gesagt, wofür die Daten sind, und die Einwilligung verlangt es.",
            "Nennen Sie den Zweck: mit der Aufgabe, mit dem Token oder ein für alle Mal bei Ihrem Broker.",
        ),
        Code::DatasetSuspended => (
            "Der Datensatz ist ausgesetzt.",
            "Fragen Sie den Verwahrer, wann er wieder offen ist.",
        ),
        Code::DatasetWithdrawn => (
            "Der Datensatz wurde zurückgezogen.",
            "Er kann nicht mehr genutzt werden; löschen Sie Kopien, falls Sie welche haben.",
        ),
        Code::DatasetRetired => (
            "Der Datensatz ist außer Dienst.",
            "Nutzen Sie den Datensatz, der ihm folgt.",
        ),
        Code::ConsentExpired => (
            "Die Einwilligung, auf der dieser Datensatz beruht, ist abgelaufen.",
            "Warten Sie auf eine neue Einwilligung, oder lassen Sie den Datensatz weg.",
        ),
        Code::HoldWithdrawn => (
            "Für Daten dieser Anfrage wurde die Einwilligung widerrufen.",
            "Lassen Sie die betroffenen Objekte weg, oder nutzen Sie die Ausgabe ohne diese Teilnehmenden.",
        ),
        Code::HoldDisputed => (
            "Die Einwilligung für Daten dieser Anfrage ist strittig.",
            "Warten Sie, bis das geklärt ist, oder lassen Sie die Objekte weg.",
        ),
        Code::HoldExpired => (
            "Die Einwilligung von Teilnehmenden dieser Anfrage ist abgelaufen.",
            "Lassen Sie die betroffenen Objekte weg.",
        ),
        Code::HoldReconsent => (
            "Teilnehmende dieser Anfrage werden neu gefragt.",
            "Warten Sie auf ihre Antwort, oder lassen Sie die Objekte weg.",
        ),
        Code::HoldOptOut => (
            "Teilnehmende dieser Anfrage haben widersprochen, bevor diese Nutzung genehmigt wurde.",
            "Lassen Sie die betroffenen Objekte weg, oder nutzen Sie die Ausgabe ohne diese Teilnehmenden.",
        ),
        Code::HoldVeto => (
            "Ein Gremium oder dieser Knoten hat Sie oder das Projekt von dem Datensatz ausgeschlossen.",
            "Fragen Sie das Gremium; war ein anderes Projekt gemeint, nennen Sie Ihres.",
        ),
        Code::Hold => (
            "Einige der Daten dieser Anfrage können zurzeit nicht genutzt werden.",
            "Lassen Sie die genannten Objekte weg, oder nutzen Sie die Ausgabe ohne sie.",
        ),
        Code::GroupUnknown => (
            "Die Anfrage nennt eine Einwilligungsgruppe, die der Datensatz nicht hat.",
            "Berichtigen Sie im Katalog die Zuordnung von Objekten zu Gruppen.",
        ),
        Code::TermsNotAccepted => (
            "Sie haben die Vereinbarung des Datensatzes nicht angenommen.",
            "Lesen Sie sie und nehmen Sie sie an; Ihr Broker stellt dann das Visum aus.",
        ),
        Code::RegistrationMissing => (
            "Sie sind nicht als registrierte Forscherin oder registrierter Forscher bekannt.",
            "Besorgen Sie die Visa ResearcherStatus und AcceptedTermsAndPolicies für registrierten Zugang.",
        ),
        Code::ApprovalMissing => (
            "Unter Ihren Visa ist keine Genehmigung für diesen Datensatz.",
            "Stellen Sie einen Antrag an sein Datenzugangsgremium.",
        ),
        Code::ApprovalSourceUntrusted => (
            "Die Genehmigung kommt nicht von einem Gremium dieses Datensatzes.",
            "Stellen Sie den Antrag an das Gremium, das der Datensatz nennt.",
        ),
        Code::ApprovalNotStarted => ("Die Genehmigung gilt noch nicht.", "Kommen Sie zu ihrem Beginn wieder."),
        Code::ApprovalExpired => (
            "Die Genehmigung ist abgelaufen.",
            "Bitten Sie das Gremium, sie zu verlängern.",
        ),
        Code::ApprovalOtherUser => (
            "Die Genehmigung gilt für andere Personen.",
            "Bitten Sie das Gremium, Sie aufzunehmen.",
        ),
        Code::ApprovalOtherProject => (
            "Die Genehmigung gilt für ein anderes Projekt.",
            "Wählen Sie jenes Projekt, oder stellen Sie für dieses einen Antrag.",
        ),
        Code::ApprovalOtherInstitution => (
            "Die Genehmigung gilt für eine andere Einrichtung.",
            "Handeln Sie für jene Einrichtung, oder stellen Sie für diese einen Antrag.",
        ),
        Code::ApprovalWithoutPurpose => (
            "Das Gremium hat mit der Genehmigung keinen Zweck festgehalten, und dieser Datensatz verlangt es.",
            "Bitten Sie das Gremium, den Zweck mit der Genehmigung festzuhalten.",
        ),
        Code::PurposeWiderThanApproval => (
            "Der Zweck geht über den genehmigten hinaus.",
            "Engen Sie den Zweck ein, oder bitten Sie das Gremium, die Genehmigung zu erweitern.",
        ),
        Code::TermUnknown => (
            "Der Datensatz trägt einen Begriff, den dieser Knoten nicht kennt.",
            "Der Verwahrer berichtigt die Kennzeichnung oder erneuert die Begriffstabelle.",
        ),
        Code::TermNotALabel => (
            "Der Datensatz trägt einen Begriff der Ontologie, der keine Nutzungsbedingung ist.",
            "Der Verwahrer berichtigt die Kennzeichnung.",
        ),
        Code::TermMeaningless => (
            "Der Datensatz trägt einen veralteten Begriff ohne Bedeutung.",
            "Der Verwahrer kennzeichnet den Datensatz neu.",
        ),
        Code::ValueMissing => ("Einem Begriff fehlt sein Wert.", "Der Verwahrer ergänzt den Wert."),
        Code::ValueInvalid => (
            "Ein Begriff hat einen Wert, der nicht zu lesen ist.",
            "Der Verwahrer berichtigt den Wert.",
        ),
        Code::ValueUnexpected => (
            "Ein Begriff trägt einen Wert, den er nicht haben kann.",
            "Der Verwahrer berichtigt die Kennzeichnung; vielleicht war ein anderer Begriff gemeint.",
        ),
        Code::PermissionMissing => (
            "Die Kennzeichnung enthält keine Erlaubnis.",
            "Der Verwahrer ergänzt die Erlaubnis, die die Teilnehmenden gaben.",
        ),
        Code::PermissionConflict => (
            "Die Erlaubnisse widersprechen einander.",
            "Der Verwahrer teilt die Daten in Einwilligungsgruppen oder berichtigt die Kennzeichnung.",
        ),
        Code::LabelDiseaseUnknown => (
            "Die Krankheit der Kennzeichnung steht nicht in der Ontologie dieses Knotens.",
            "Der Verwahrer ordnet sie MONDO zu oder lädt die Ontologie.",
        ),
        Code::LabelDiseaseObsolete => (
            "Die Krankheit der Kennzeichnung ist in der Ontologie dieses Knotens veraltet.",
            "Der Verwahrer prüft den Ersatz und kennzeichnet neu.",
        ),
        Code::PurposeOutsidePermission => (
            "Die Erlaubnis deckt einen Teil des Zwecks nicht.",
            "Lassen Sie den Datensatz weg, oder engen Sie den Zweck ein, wenn er mehr sagt, als Sie tun; eine Änderung des Zwecks sieht das Gremium.",
        ),
        Code::PurposeNeedsJudgement => (
            "Ob die Erlaubnis einen Teil des Zwecks deckt, muss beurteilt werden.",
            "Bitten Sie das Gremium, über diesen Zweck zu entscheiden. Bei offenen und registrierten Daten ist niemand zu fragen: lassen Sie diesen Teil oder den Datensatz weg.",
        ),
        Code::ClinicalCareNotAllowed => (
            "Krankenversorgung ist nicht gedeckt.",
            "Nutzen Sie Daten, die für Krankenversorgung gekennzeichnet sind.",
        ),
        Code::DiseaseMissing => (
            "Die Daten sind für genannte Krankheiten, der Zweck nennt keine.",
            "Nennen Sie die Krankheiten, die Sie erforschen.",
        ),
        Code::DiseaseUnknown => (
            "Eine Krankheit des Zwecks steht nicht in der Ontologie dieses Knotens.",
            "Wählen Sie einen Begriff aus MONDO.",
        ),
        Code::DiseaseObsolete => ("Eine Krankheit des Zwecks ist veraltet.", "Wählen Sie ihren Ersatz."),
        Code::DiseaseNotCovered => (
            "Eine Krankheit des Zwecks ist weder die gekennzeichnete noch eine Art von ihr.",
            "Engen Sie die Sitzung auf Krankheiten der Kennzeichnung ein; ist die Kennzeichnung enger als die Einwilligung, ändert sie das Gremium.",
        ),
        Code::AncestryExcluded => (
            "Forschung zu Abstammung und Herkunft ist ausgeschlossen.",
            "Lassen Sie den Datensatz oder dieses Ziel weg; eine Änderung des Zwecks sieht das Gremium.",
        ),
        Code::NotGenetic => (
            "Ihr Zweck sagt nicht, dass die Studie genetisch ist.",
            "Lassen Sie den Datensatz weg. Eine Änderung des Zwecks sieht das Gremium.",
        ),
        Code::ResearchTypeOutside => (
            "Ihr Zweck geht über die erlaubten Arten der Forschung hinaus.",
            "Lassen Sie den Datensatz weg, oder engen Sie den Zweck ein; eine Änderung des Zwecks sieht das Gremium.",
        ),
        Code::ResearchTypeUnclear => (
            "Die erlaubte Art der Forschung steht in Worten da oder nennt Alter, Gruppen oder Menschen, ohne zu sagen, welche.",
            "Bitten Sie das Gremium, über diesen Zweck zu entscheiden.",
        ),
        Code::MethodsExcluded => (
            "Methoden zu entwickeln oder Modelle zu trainieren ist ausgeschlossen.",
            "Lassen Sie den Datensatz oder dieses Ziel weg; eine Änderung des Zwecks sieht das Gremium.",
        ),
        Code::MethodsMeaningUnknown => (
            "Was die Kennzeichnung zur Entwicklung von Methoden sagt, hängt davon ab, wann sie gemacht wurde.",
            "Fragen Sie das Gremium; der Verwahrer ergänzt das Datum der Kennzeichnung oder ihre DUO-Ausgabe.",
        ),
        Code::InstitutionMissing => (
            "Der Zweck sagt nicht, für welche Einrichtung Sie handeln.",
            "Nennen Sie die Einrichtung.",
        ),
        Code::AffiliationMissing => (
            "Keine vertrauenswürdige Zugehörigkeit (Lehrkörper, Personal, Beschäftigte, Studierende, Mitglied) belegt, dass Sie für diese Einrichtung handeln.",
            "Melden Sie sich über diese Einrichtung an, oder besorgen Sie ein Visum AffiliationAndRole von ihrem System oder ihrer zeichnungsberechtigten Person.",
        ),
        Code::OrganisationStatusUnknown => (
            "Ob die Einrichtung gewinnorientiert ist, ist nicht bekannt.",
            "Das Register des Knotens nimmt die Einrichtung auf, oder das Gremium hält es mit der Genehmigung fest.",
        ),
        Code::OrganisationForProfit => (
            "Die Einrichtung ist gewinnorientiert, sagt die genannte Quelle.",
            "Handeln Sie für eine, die es nicht ist, oder lassen Sie den Datensatz weg.",
        ),
        Code::CommercialUseUnknown => ("Der Zweck sagt nicht, ob die Nutzung kommerziell ist.", "Sagen Sie es."),
        Code::CommercialUse => (
            "Kommerzielle Nutzung ist ausgeschlossen.",
            "Lassen Sie den Datensatz oder dieses Ziel weg; eine Änderung des Zwecks sieht das Gremium.",
        ),
        Code::InstitutionOutside => (
            "Die Einrichtung gehört nicht zu den erlaubten.",
            "Handeln Sie für eine erlaubte Einrichtung.",
        ),
        Code::InstitutionNotApproved => (
            "Keine Genehmigung nennt die Einrichtung.",
            "Bitten Sie das Gremium, sie in der Genehmigung zu nennen.",
        ),
        Code::ProjectMissing => ("Der Zweck nennt kein Projekt.", "Wählen Sie das Projekt."),
        Code::ProjectOutside => (
            "Das Projekt gehört nicht zu den erlaubten.",
            "Wählen Sie ein erlaubtes Projekt.",
        ),
        Code::ProjectNotApproved => (
            "Keine Genehmigung nennt das Projekt.",
            "Bitten Sie das Gremium, es in der Genehmigung zu nennen.",
        ),
        Code::UserOutside => (
            "Sie gehören nicht zu den erlaubten Personen.",
            "Verknüpfen Sie die erlaubte Identität, oder fragen Sie das Gremium.",
        ),
        Code::UserNotApproved => (
            "Keine geltende Genehmigung nennt Sie.",
            "Stellen Sie einen Antrag an das Gremium.",
        ),
        Code::TimeLimitPassed => (
            "Die genehmigten Monate sind vorbei.",
            "Hören Sie auf, löschen Sie Kopien, oder bitten Sie um Verlängerung.",
        ),
        Code::TimeLimitStartUnknown => (
            "Die Monate sind nicht zu zählen: keine Genehmigung nennt ihren Beginn.",
            "Stellen Sie einen Antrag an das Gremium, oder der Verwahrer berichtigt die Kennzeichnung.",
        ),
        Code::Moratorium => (
            "Vor dem Tag der Kennzeichnung darf nicht veröffentlicht werden.",
            "Warten Sie diesen Tag ab.",
        ),
        Code::ObligationRefused => (
            "Der Zweck lehnt eine Pflicht ab, die an den Daten hängt.",
            "Nehmen Sie die Pflicht an, oder lassen Sie den Datensatz weg.",
        ),
        Code::ObligationNotAccepted => (
            "An den Daten hängt eine Pflicht, die jemand annehmen muss, und niemand tat es.",
            "Nehmen Sie sie im Zweck an, oder nehmen Sie die Vereinbarung des Datensatzes an.",
        ),
        Code::EthicsMissing => (
            "Es gibt kein geltendes Ethikvotum.",
            "Fügen Sie das Schreiben Ihrer Ethikkommission hinzu.",
        ),
        Code::EthicsExpired => (
            "Das Ethikvotum ist abgelaufen oder wurde von seiner Kommission beendet.",
            "Fügen Sie seine Verlängerung hinzu.",
        ),
        Code::EthicsUnverified => (
            "Niemand hat das Schreiben der Ethikkommission geprüft.",
            "Das Gremium oder Ihre zeichnungsberechtigte Person bestätigt es; eine Genehmigung erledigt das nur für die Papiere, die sie nennt.",
        ),
        Code::EthicsNotLocal => (
            "Das Ethikvotum gehört einer anderen Einrichtung oder gilt für andere Projekte oder Datensätze.",
            "Das Gremium entscheidet, ob es auch für Sie gilt, und nennt das Papier in seiner Genehmigung.",
        ),
        Code::CountryUnknown => (
            "Ein Ort, auf den es ankommt, ist nicht bekannt.",
            "Das Register oder die Einstellungen des Knotens nennen das Land, oder das Gremium hält das der Einrichtung mit der Genehmigung fest.",
        ),
        Code::UserCountryOutside => (
            "Ihre Einrichtung liegt außerhalb des erlaubten Gebiets.",
            "Handeln Sie für eine Einrichtung darin, oder lassen Sie den Datensatz weg.",
        ),
        Code::ProcessingCountryOutside => (
            "Daten würden außerhalb des erlaubten Gebiets gespeichert oder verarbeitet.",
            "Rechnen Sie auf einem Knoten in diesem Gebiet.",
        ),
        Code::AccessCountryOutside => (
            "Sie verbinden sich von außerhalb des erlaubten Gebiets.",
            "Verbinden Sie sich von innerhalb, oder bitten Sie das Gremium, den Aufenthalt namentlich zu erlauben.",
        ),
        Code::TermDeprecated => (
            "Ein veralteter Begriff wird in seiner alten Bedeutung gelesen.",
            "Der Verwahrer kennzeichnet den Datensatz neu.",
        ),
        Code::NresWithModifier => (
            "Keine Einschränkung, und doch ein einschränkender Begriff: der Begriff gilt.",
            "Der Verwahrer berichtigt die Kennzeichnung.",
        ),
        Code::LabelVersionMissing => (
            "Die Bedeutung dieses Begriffs hängt von der Ausgabe der Ontologie ab, die die Kennzeichnung nicht nennt.",
            "Der Verwahrer ergänzt die Ausgabe.",
        ),
        Code::DownloadPlaceUnseen => (
            "Heruntergeladenes geht an einen Ort, den hier niemand sieht; das Land der Einrichtung steht für ihn.",
            "Nutzen Sie die Daten, wo sie liegen; der Verwahrer lässt nur das Rechnen auf ihnen zu.",
        ),
    }
}
