package io.haredge.demo;

import android.util.AtomicFile;
import io.haredge.demo.core.Day;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.TimeZone;

/** Keeps the day beyond the process; whole or not at all, however the process ends. */
final class DayFile {
    private final AtomicFile file;

    DayFile(File folder) {
        file = new AtomicFile(new File(folder, "day.bin"));
    }

    /** Milliseconds since 1970 by the clock on the wall, for {@code Day}. */
    static long localMs() {
        long now = System.currentTimeMillis();
        return now + TimeZone.getDefault().getOffset(now);
    }

    /** Has a day go on from the file; one that is missing or damaged is as good as an empty day. */
    void read(Day day) {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(file.openRead()))) {
            day.read(in);
        } catch (IOException missing) {
            file.delete();
        }
    }

    /** Writes a day; one that cannot be written is lost with the process, and no sooner. */
    void write(Day day) {
        FileOutputStream stream = null;
        try {
            stream = file.startWrite();
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(stream));
            day.write(out);
            out.flush();
            file.finishWrite(stream);
        } catch (IOException full) {
            file.failWrite(stream);
        }
    }
}
