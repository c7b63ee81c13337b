package io.haredge.demo;

import android.content.ContentResolver;
import android.net.Uri;
import io.haredge.demo.core.CsvRecorder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;

/** Raw events on their way to a document that the user chose. Its methods say what failed, or null. */
final class Recording {
    private final CsvRecorder recorder;

    /** @throws IOException the document cannot be written */
    Recording(ContentResolver resolver, Uri document) throws IOException {
        OutputStream out;
        try {
            out = resolver.openOutputStream(document, "w");
        } catch (SecurityException refused) {
            throw new IOException(refused.getMessage(), refused);
        }
        if (out == null) {
            throw new FileNotFoundException(String.valueOf(document));
        }
        recorder = new CsvRecorder(out);
    }

    String take(boolean ofAccelerometer, long timeNs, float x, float y, float z) {
        try {
            if (ofAccelerometer) {
                recorder.accelerometer(timeNs, x, y, z);
            } else {
                recorder.gyroscope(timeNs, x, y, z);
            }
            return null;
        } catch (IOException error) {
            return String.valueOf(error.getMessage());
        }
    }

    String flush() {
        try {
            recorder.flush();
            return null;
        } catch (IOException error) {
            return String.valueOf(error.getMessage());
        }
    }

    String close() {
        try {
            recorder.close();
            return null;
        } catch (IOException error) {
            return String.valueOf(error.getMessage());
        }
    }

    long size() {
        return recorder.size();
    }
}
