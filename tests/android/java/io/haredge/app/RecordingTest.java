package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.content.Intent;
import android.net.Uri;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Recording raw events to a document chosen by the user. */
class RecordingTest extends PhoneTestCase {
    private static final int CHOOSE_DOCUMENT = 2;
    private static final String DOCUMENT = "content://documents/1";

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @BeforeEach
    void start() throws IOException {
        phone.documents.put(DOCUMENT, () -> written);
        wearer = new Wearer(phone, 100, 50);
        startAndWear(2);
    }

    @Test
    void everyEventIsInTheDocument() {
        record();
        wearer.wear(10);
        assertShowsPart("Recording: ");
        phone.press("Stop recording");
        wearer.wear(2);
        List<String> lines = written.toString().lines().collect(Collectors.toList());
        assertEquals(1 + 1000 + 500, lines.size());
        assertEquals("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label", lines.get(0));
        assertTrue(lines.stream().skip(1).allMatch(line -> line.endsWith(",")), "no label was set");
    }

    @Test
    void buttonsLabelWhatComesAfterThem() {
        assertTrue(!phone.texts().contains("Walking upstairs"), "there are no labels without a recording");
        record();
        wearer.wear(2);
        phone.press("Walking upstairs");
        wearer.wear(4);
        phone.press("Sitting");
        assertShows("End: Sitting");
        wearer.wear(3);
        phone.press("End: Sitting");
        wearer.wear(1);
        phone.press("Stop recording");
        List<String> labels = written.toString().lines().skip(1)
                .map(line -> line.substring(line.lastIndexOf(',') + 1)).collect(Collectors.toList());
        List<String> expected = new ArrayList<>();
        for (String[] part : new String[][] {{"", "2"}, {"stairs_up", "4"}, {"sitting", "3"}, {"", "1"}}) {
            expected.addAll(Collections.nCopies(150 * Integer.parseInt(part[1]), part[0]));
        }
        assertEquals(expected, labels);
        assertTrue(!phone.texts().contains("Walking upstairs"), "nor after it");
    }

    @Test
    void aNewRecordingBeginsWithoutALabel() {
        record();
        phone.press("Lying");
        wearer.wear(1);
        phone.press("Stop recording");
        written.reset();
        record();
        assertShows("Lying");
        wearer.wear(1);
        phone.press("Stop recording");
        assertTrue(written.toString().lines().skip(1).allMatch(line -> line.endsWith(",")));
    }

    @Test
    void aLabelSurvivesATurnOfThePhone() {
        record();
        phone.press("Running");
        phone.recreate(true, false);
        assertShows("End: Running");
        phone.press("End: Running");
        assertShows("Running");
    }

    @Test
    void stoppingTheAppEndsTheRecordingWithAWholeLine() {
        record();
        wearer.wear(3);
        phone.press("Stop");
        assertTrue(written.toString().endsWith("\n"));
        assertEquals(1 + 300 + 150, written.toString().lines().count());
    }

    @Test
    void aKilledProcessLeavesWholeLines() {
        record();
        wearer.wear(12);
        phone.kill();
        assertTrue(written.toString().endsWith("\n"));
        assertTrue(written.toString().lines().count() > 1 + 1400, "what was flushed within the last five seconds");
    }

    @Test
    void aFullDiskEndsOnlyTheRecording() {
        phone.documents.put(DOCUMENT, () -> new OutputStream() {
            @Override
            public void write(int letter) throws IOException {
                throw new IOException("No space left on device");
            }
        });
        record();
        wearer.wear(10);
        assertShows("The recording ended: No space left on device");
        assertShows("Still");
        assertShows("Record to a file");
    }

    @Test
    void aDocumentThatCannotBeOpenedIsReported() {
        phone.documents.clear();
        record();
        assertShowsPart("The recording ended: ");
        wearer.wear(10);
        assertShows("Still");
    }

    @Test
    void aMissingFileChooserIsReported() {
        phone.fileChooserIsMissing = true;
        phone.press("Record to a file");
        assertShows("No app on this phone can create a file.");
    }

    private void record() {
        phone.press("Record to a file");
        Intent choose = phone.launched.get(phone.launched.size() - 1);
        assertEquals(Intent.ACTION_CREATE_DOCUMENT, choose.getAction());
        phone.activity.driveResult(CHOOSE_DOCUMENT, new Intent().setData(Uri.parse(DOCUMENT)));
        phone.run();
    }
}
