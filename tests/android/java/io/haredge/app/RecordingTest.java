package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.content.Intent;
import android.net.Uri;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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
        assertEquals("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z", lines.get(0));
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
