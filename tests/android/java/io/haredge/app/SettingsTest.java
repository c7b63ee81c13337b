package io.haredge.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.view.View;
import android.widget.CompoundButton;
import io.haredge.demo.TestFiles;
import io.haredge.standins.Phone;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Where the phone is carried, and whether families are answers: set by the user and kept. */
class SettingsTest extends PhoneTestCase {
    private static final double STANDING_S = 12;
    private static final double UNTIL_WALKED_S = 22;
    private static final String GROUPS = "Show a group of activities if only that is certain";
    private static final String AT_TORSO = "Worn at the waist or chest";

    @Test
    void atFirstTheAppFindsOutThePlaceAndShowsGroups() {
        phone.open("SettingsActivity");
        assertEquals(List.of("Find out", "At the waist", "In a trouser pocket", "On the wrist", "At the chest", GROUPS),
                labels(button -> true));
        assertEquals(List.of("Find out", GROUPS), labels(CompoundButton::isChecked));
    }

    @Test
    void theMainScreenOpensThem() {
        phone.open("MainActivity");
        phone.press("Settings");
        assertEquals("io.haredge.demo.SettingsActivity", phone.launched.get(0).target());
    }

    @Test
    void theyAreKeptWhenTheProcessEnds() {
        phone.open("SettingsActivity");
        phone.press("At the chest");
        phone.press("On the wrist");
        phone.press(GROUPS);
        phone.kill();
        phone.open("SettingsActivity");
        assertEquals(List.of("On the wrist"), labels(CompoundButton::isChecked));
        phone.press("Find out");
        phone.kill();
        phone.open("SettingsActivity");
        assertEquals(List.of("Find out"), labels(CompoundButton::isChecked));
    }

    @Test
    void changingThemDoesNotStartRecognition() {
        phone.open("SettingsActivity");
        phone.press("On the wrist");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void aPlaceThatIsSetIsBelievedWhereverTheModelSeesThePhone() {
        set("In a trouser pocket");
        startAndWear(UNTIL_WALKED_S);
        assertShows("Worn in a trouser pocket");
        phone.kill();
        phone.restartService("io.haredge.demo.SensorService");
        phone.open("MainActivity");
        wearer.wear(20);
        assertShows("Worn in a trouser pocket");
    }

    @Test
    void withoutAPlaceTheAppFindsItOut() {
        startAndWear(UNTIL_WALKED_S);
        assertShows("Walking");
        assertShows(AT_TORSO);
    }

    @Test
    void aChangeHoldsAtOnceWhileRecognitionRuns() {
        startAndWear(UNTIL_WALKED_S);
        assertShows(AT_TORSO);
        set("On the wrist");
        phone.open("MainActivity");
        wearer.wear(2);
        assertShows("Worn on the wrist"); // And which way is up is still known.
        wearer.wear(10);
        assertFalse(phone.texts().contains("The sensors deliver no samples."));
        assertFalse(phone.texts().contains("Some samples were lost."));
        phone.press("Stop");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void withoutGroupsAPostureIsUnknownUntilTheWearerHasWalked() {
        set(GROUPS);
        startAndWear(STANDING_S);
        assertShows("Unknown");
        assertShows("Not sure which activity");
        set(GROUPS);
        phone.open("MainActivity");
        wearer.wear(2);
        assertShows("Still");
    }

    @Test
    void talkBackReadsWhatEachChoiceIsAbout() {
        phone.open("SettingsActivity");
        List<String> read = new ArrayList<>();
        for (CompoundButton button : buttons()) {
            read.add(button.getContentDescription().toString());
        }
        assertTrue(read.contains("Carried: In a trouser pocket"), read.toString());
        assertTrue(read.get(read.size() - 1).startsWith("Show a group of activities"), read.toString());
    }

    @Test
    void aModelThatTellsNoPlacesHasNothingToSetAndIgnoresWhatWasSet() throws IOException {
        set("On the wrist");
        String card = TestFiles.text("waist.json").replace("\"name\": \"waist\"", "\"name\": \"anywhere\"");
        phone.changedAssets.put("anywhere.json", card.getBytes(UTF_8));
        phone.changedAssets.put("anywhere.tflite", TestFiles.bytes("waist.tflite"));
        phone.open("SettingsActivity");
        assertShows("This model has nothing to set.");
        assertTrue(buttons().isEmpty());
        startAndWear(STANDING_S);
        assertShows("Standing");
    }

    @Test
    void aCardThatCannotBeReadIsReported() {
        phone.changedAssets.put("anywhere.json", "{".getBytes(UTF_8));
        phone.open("SettingsActivity");
        assertShowsPart("The model cannot be used: ");
    }

    private void set(String choice) {
        phone.open("SettingsActivity");
        phone.press(choice);
        phone.leave();
    }

    private List<String> labels(Predicate<CompoundButton> wanted) {
        List<String> labels = new ArrayList<>();
        for (CompoundButton button : buttons()) {
            if (wanted.test(button)) {
                labels.add(button.getText().toString());
            }
        }
        return labels;
    }

    private List<CompoundButton> buttons() {
        List<CompoundButton> buttons = new ArrayList<>();
        for (View view : Phone.views(phone.activity.content())) {
            if (view instanceof CompoundButton) {
                buttons.add((CompoundButton) view);
            }
        }
        return buttons;
    }
}
