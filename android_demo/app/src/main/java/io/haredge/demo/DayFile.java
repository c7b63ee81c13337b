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

/** Stores the day. The file is complete or absent, however the process ends. */
final class DayFile {
    private final AtomicFile file;

    DayFile(File folder) {
        file = new AtomicFile(new File(folder, "day.bin"));
    }

    /** Milliseconds since 1970 in local time, for {@code Day}. */
    static long localMs() {
        long now = System.currentTimeMillis();
        return now + TimeZone.getDefault().getOffset(now);
    }

    /** Reads the file into a day; the day stays empty if the file is missing or damaged. */
    void read(Day day) {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(file.openRead()))) {
            day.read(in);
        } catch (IOException missing) {
            file.delete();
        }
    }

    /** Writes a day. If that fails, the day lasts only as long as the process. */
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
