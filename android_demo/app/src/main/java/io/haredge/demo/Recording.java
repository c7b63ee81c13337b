package io.haredge.demo;

import android.content.ContentResolver;
import android.net.Uri;
import io.haredge.demo.core.CsvRecorder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;

/** Writes raw events to a document that the user chose. Its methods return what failed, or null. */
final class Recording {
    private final CsvRecorder recorder;

    private interface Work {
        void run() throws IOException;
    }

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

    String push(boolean fromAccelerometer, long timeNs, float x, float y, float z) {
        try {
            if (fromAccelerometer) {
                recorder.pushAccelerometer(timeNs, x, y, z);
            } else {
                recorder.pushGyroscope(timeNs, x, y, z);
            }
            return null;
        } catch (IOException error) {
            return String.valueOf(error.getMessage());
        }
    }

    /** Sets the label of the events from now on; empty for none. */
    void label(String name) {
        recorder.label(name);
    }

    String flush() {
        return failureOf(recorder::flush);
    }

    String close() {
        return failureOf(recorder::close);
    }

    long size() {
        return recorder.size();
    }

    private static String failureOf(Work work) {
        try {
            work.run();
            return null;
        } catch (IOException error) {
            return String.valueOf(error.getMessage());
        }
    }
}
