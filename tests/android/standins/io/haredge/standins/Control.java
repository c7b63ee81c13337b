package io.haredge.standins;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Marks members that Android's class does not have, for tests and other stand-ins. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Control {}
