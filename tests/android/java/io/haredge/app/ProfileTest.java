package io.haredge.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.content.Intent;
import android.net.Uri;
import io.haredge.demo.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** A personal profile: chosen as a file, kept, refused if it does not fit, and removed. */
class ProfileTest extends PhoneTestCase {
    private static final int CHOOSE_PROFILE = 1;
    private static final String DOCUMENT = "content://documents/anna";
    private static final String NONE = "None is used: the model answers as it is shipped.";
    private static final double UNTIL_WALKED_S = 22;

    @Test
    void anActivityOfItsOwnIsAnsweredCountedAndKeptWhenTheProcessEnds() throws IOException {
        choose(TestFiles.profile());
        assertShows("In use: marching");
        phone.kill();
        startAndWear(UNTIL_WALKED_S);
        assertShows("marching");
        assertEquals("marching", phone.notification.title);
        assertShowsPart("marching 1 min");
        phone.press("Stop");
        phone.kill();
        phone.open("MainActivity");
        assertShowsPart("marching 1 min");
        phone.open("SettingsActivity");
        assertShows("In use: marching");
    }

    @Test
    void itHoldsAtOnceAndUntilItIsRemovedWhileRecognitionRuns() throws IOException {
        startAndWear(UNTIL_WALKED_S);
        assertShows("Walking");
        choose(TestFiles.profile());
        phone.leave();
        phone.open("MainActivity");
        wearer.skip(120 - UNTIL_WALKED_S); // The wearer's table begins again: standing, then the same walk.
        wearer.wear(UNTIL_WALKED_S);
        assertShows("marching");
        assertShowsPart("Today: ");
        phone.open("SettingsActivity");
        phone.press("Remove the profile");
        assertShows(NONE);
        assertFalse(Files.exists(files.resolve("profile.json")));
        phone.open("MainActivity");
        wearer.wear(3);
        assertFalse(phone.texts().contains("marching"), phone.texts().toString());
        assertFalse(phone.texts().contains("Waiting for the sensors…"), phone.texts().toString());
        phone.press("Stop");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void theScreenFollowsAChangeThatIsMadeWhileNothingRuns() throws IOException {
        startAndWear(UNTIL_WALKED_S);
        phone.press("Stop");
        assertShowsPart("Walking 1 min");
        choose(TestFiles.profile());
        phone.open("MainActivity");
        assertShowsPart("Walking 1 min");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void aFileThatDoesNotFitIsRefusedInOneLineAndWhatWasThereStays() throws IOException {
        choose("[]");
        assertShows("The file is not used: no profile, or damaged: not one JSON object; "
                + "make it again with har-stream personalise");
        assertShows(NONE);
        choose(TestFiles.profile());
        assertShows("In use: marching");
        choose(TestFiles.profile().replace("\"anywhere\"", "\"waist\""));
        assertShows("The file is not used: it was made for waist, and the model is anywhere: "
                + "make it again with har-stream personalise");
        choose(" ".repeat(2_000_000));
        assertShowsPart("it is larger than");
        assertShows("In use: marching");
        phone.readable.clear();
        answer();
        assertShowsPart("The file is not used: ");
        assertShows("In use: marching");
    }

    @Test
    void aProfileOfAModelThatTheAppNoLongerHasIsSaidAndTheShippedModelAnswers() throws IOException {
        String other = TestFiles.profile().replaceFirst("\"sha256\": \"[0-9a-f]{4}", "\"sha256\": \"0000");
        Files.writeString(files.resolve("profile.json"), other);
        startAndWear(UNTIL_WALKED_S);
        assertShows("The profile is not used: it was made for another version of anywhere, and the model is anywhere: "
                + "make it again with har-stream personalise");
        assertShows("Walking");
        phone.open("SettingsActivity");
        assertShowsPart("The profile is not used: ");
        phone.press("Remove the profile");
        assertShows(NONE);
        phone.open("MainActivity");
        assertFalse(phone.texts().stream().anyMatch(text -> text.startsWith("The profile")), phone.texts().toString());
    }

    @Test
    void aMissingFileChooserIsSaid() {
        phone.open("SettingsActivity");
        phone.fileChooserIsMissing = true;
        phone.press("Use a profile");
        assertShows("No app on this phone can open a file.");
    }

    @Test
    void aModelThatCannotBeMadePersonalHasNoSuchSetting() throws IOException {
        String card = TestFiles.text("waist.json").replace("\"name\": \"waist\"", "\"name\": \"anywhere\"");
        phone.changedAssets.put("anywhere.json", card.getBytes(UTF_8));
        phone.open("SettingsActivity");
        assertFalse(phone.texts().contains("Use a profile"));
    }

    private void choose(String profile) {
        phone.readable.put(DOCUMENT, profile.getBytes(UTF_8));
        phone.open("SettingsActivity");
        phone.press("Use a profile");
        Intent choose = phone.launched.get(phone.launched.size() - 1);
        assertEquals(Intent.ACTION_OPEN_DOCUMENT, choose.getAction());
        answer();
        assertTrue(phone.readable.containsKey(DOCUMENT));
    }

    /** The user picks the document. */
    private void answer() {
        phone.activity.driveResult(CHOOSE_PROFILE, new Intent().setData(Uri.parse(DOCUMENT)));
        phone.run();
    }
}
