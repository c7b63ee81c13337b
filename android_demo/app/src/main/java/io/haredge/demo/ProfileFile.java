package io.haredge.demo;

import android.util.AtomicFile;
import io.haredge.demo.core.BadProfileException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.PersonalModel;
import io.haredge.demo.core.Profile;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Keeps the profile of the phone's owner in the app's private folder, where no other app can read it. */
final class ProfileFile {
    private static final int BLOCK = 1 << 13;

    private final AtomicFile file;

    ProfileFile(File folder) {
        file = new AtomicFile(new File(folder, "profile.json"));
    }

    /**
     * The profile; null if missing.
     *
     * @throws BadProfileException it is damaged
     */
    Profile read() throws BadProfileException {
        try (InputStream in = file.openRead()) {
            return Profile.parse(text(in));
        } catch (FileNotFoundException none) {
            return null;
        } catch (IOException error) {
            throw new BadProfileException(String.valueOf(error.getMessage()), error);
        }
    }

    /**
     * Keeps a profile from now on, in place of any earlier one.
     *
     * @param card of the model as it is shipped
     * @throws BadProfileException it is damaged, or does not fit the model; the earlier one stays
     * @throws IOException it cannot be read or kept; likewise
     */
    void take(InputStream in, Card card) throws BadProfileException, IOException {
        String text = text(in);
        PersonalModel.cardOf(card, Profile.parse(text));
        FileOutputStream stream = file.startWrite();
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
            file.finishWrite(stream);
        } catch (IOException full) {
            file.failWrite(stream);
            throw full;
        }
    }

    void remove() {
        file.delete();
    }

    /** The card of the person, or the shipped one if there is no profile that can be used. */
    Card personal(Card shipped) {
        try {
            Profile profile = read();
            return profile == null ? shipped : PersonalModel.cardOf(shipped, profile);
        } catch (BadProfileException unused) { // The session says so.
            return shipped;
        }
    }

    /** A text of at most one character more than a profile may have. */
    private static String text(InputStream in) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        byte[] block = new byte[BLOCK];
        int count = in.read(block);
        while (count >= 0 && content.size() <= Profile.MAX_BYTES) {
            content.write(block, 0, count);
            count = in.read(block);
        }
        return new String(content.toByteArray(), StandardCharsets.UTF_8);
    }
}
